import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Flaw, log2, verify } from "../../../web/core/draw.js";

const GOLDEN = new URL("../../../domain/src/draw/golden.v1.jsonl", import.meta.url);
const proofs = readFileSync(GOLDEN, "utf8").trim().split("\n").map(JSON.parse);
const changed = (change) => {
  const proof = structuredClone(proofs[0]);
  change(proof);
  return proof;
};
const step = (wanted) => (error) => error instanceof Flaw && error.step === wanted;

test("the page repeats every draw that the server's rules repeat", async () => {
  assert.ok(proofs.length >= 5);
  for (const proof of proofs) {
    const held = await verify(proof, { commitment: proof.announced.commitment, list_hash: proof.list_hash });
    assert.deepEqual([held.tickets, held.winners], [proof.tickets.length, proof.winners.length]);
  }
});

test("whatever is changed in a proof is found", async () => {
  const found = (change, wanted) => assert.rejects(verify(changed(change)), step(wanted));
  await found((proof) => (proof.version = 2), "version");
  await found((proof) => (proof.seed = "08".repeat(32)), "seed");
  await found((proof) => (proof.tickets[0].nonce = "other"), "list");
  await found((proof) => proof.tickets.reverse(), "list");
  await found((proof) => (proof.announced.prizes += 1), "list");
  await found((proof) => (proof.beacon_value = "00"), "beacon");
  await found((proof) => proof.winners.pop(), "winners");
  await found((proof) => (proof.winners[0].ticket = proof.winners[1].ticket), "winners");
});

test("a proof must agree with what the page saw before the draw", async () => {
  const other = "0".repeat(64);
  await assert.rejects(verify(proofs[0], { list_hash: other }), step("list"));
  await assert.rejects(verify(proofs[0], { commitment: other }), step("seed"));
});

test("logarithms are the server's, digit for digit", () => {
  assert.equal(log2(3n), 446127282977750n);
  assert.equal(log2(0xffff_ffff_ffff_ffffn), 18014398509481983n);
  assert.equal(log2(1n << 64n), 64n << 48n);
});
