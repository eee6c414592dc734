// The worlds of the house and the ways within each. Pure: who may see a way is asked of the caller.

/**
 * `owns`: the beginnings of the addresses that belong to a world. `roles`: who sees a way; everybody where it is left out,
 * `[]` whoever is signed in; `also`: the beginning of other addresses that the way stands for.
 * @type {Array<{key: string, href: string, sign: string, owns: string[], links: Array<{href: string, key: string, roles?: string[], also?: string}>}>}
 */
export const WORLDS = [
  {
    key: "auctions",
    href: "/auctions",
    sign: "gavel",
    owns: ["/auctions", "/bids", "/wallet", "/favourites", "/desk"],
    links: [
      { href: "/auctions", key: "nav.lots" },
      { href: "/bids", key: "nav.bids", roles: [] },
      { href: "/wallet", key: "nav.wallet", roles: [] },
      { href: "/desk", key: "nav.desk", roles: ["seller", "clerk"] },
    ],
  },
  {
    key: "mornings",
    href: "/alarms",
    sign: "alarm",
    owns: ["/alarms", "/labels", "/points", "/raffles"],
    links: [
      { href: "/alarms", key: "nav.alarms" },
      { href: "/labels", key: "nav.labels" },
      { href: "/points", key: "nav.points", roles: [] },
      { href: "/raffles", key: "nav.raffles" },
    ],
  },
  {
    key: "companies",
    href: "/company",
    sign: "tag",
    owns: ["/company", "/campaigns", "/admin/campaigns"],
    links: [
      { href: "/company", key: "nav.campaigns", also: "/campaigns" },
      { href: "/admin/campaigns", key: "nav.approvals", roles: ["admin"] },
    ],
  },
  {
    key: "coach",
    href: "/chats",
    sign: "talk",
    owns: ["/chats", "/shared", "/admin/knowledge", "/admin/assistants", "/admin/prompts"],
    links: [
      { href: "/chats", key: "nav.chats" },
      { href: "/admin/knowledge", key: "nav.knowledge", roles: ["admin"] },
      { href: "/admin/assistants", key: "nav.assistants", roles: ["admin"] },
      { href: "/admin/prompts", key: "nav.prompts", roles: ["admin"] },
    ],
  },
];

/** Whether an address lies at or below another. */
export function under(path, base) {
  return path === base || path.startsWith(base.endsWith("/") ? base : `${base}/`);
}

/** The world of an address; null for the pages between the worlds. */
export function worldOf(path) {
  return WORLDS.find(({ owns }) => owns.some((base) => under(path, base))) ?? null;
}

/**
 * The ways of a world that a person sees.
 * @param {{links: Array<{href: string, key: string, roles?: string[]}>}} world
 * @param {{signedIn: boolean, holds: (...roles: string[]) => boolean}} person
 */
export function waysOf(world, { signedIn, holds }) {
  return world.links.filter(({ roles }) => !roles || (roles.length ? signedIn && holds(...roles) : signedIn));
}

/** The way that an address belongs to: the longest that it lies under. */
export function wayOf(links, path) {
  const leads = ({ href, also }) => under(path, href) || Boolean(also && under(path, also));
  return links.filter(leads).sort((a, b) => b.href.length - a.href.length)[0] ?? null;
}
