import assert from "node:assert/strict";
import { test } from "node:test";

import { WORLDS, under, wayOf, waysOf, worldOf } from "../../../web/core/worlds.js";

const nobody = { signedIn: false, holds: () => false };
const admin = { signedIn: true, holds: () => true };

test("an address belongs to the world that owns its beginning, by whole segments", () => {
  assert.equal(worldOf("/auctions/7").key, "auctions");
  assert.equal(worldOf("/alarms/ring").key, "mornings");
  assert.equal(worldOf("/campaigns/5/review").key, "companies");
  assert.equal(worldOf("/admin/campaigns").key, "companies");
  assert.equal(worldOf("/"), null);
  assert.equal(worldOf("/alarmist"), null);
  assert.ok(!under("/companyland", "/company"));
});

test("ways show themselves to whom they are for", () => {
  const [auctions, , companies] = WORLDS;
  assert.deepEqual(
    waysOf(auctions, nobody).map(({ href }) => href),
    ["/auctions"],
  );
  assert.ok(waysOf(companies, admin).some(({ href }) => href === "/admin/campaigns"));
  assert.ok(!waysOf(companies, nobody).some(({ href }) => href === "/admin/campaigns"));
});

test("the longest way wins", () => {
  const links = [{ href: "/alarms" }, { href: "/alarms/ring" }];
  assert.equal(wayOf(links, "/alarms/ring").href, "/alarms/ring");
  assert.equal(wayOf(links, "/alarms/4").href, "/alarms");
  assert.equal(wayOf(links, "/labels"), null);
});
