/** The company console's frame: its navigation, and who looks at it. Knows no settings and no people. */
import type { FC } from "hono/jsx";
import { framePage, LinkList, type PageParts } from "../frame/index.ts";
import { CONSOLE_PATH, type Visit } from "./console.ts";

export type Section =
  | "overview"
  | "setup"
  | "settings"
  | "draft"
  | "versions"
  | "metadata"
  | "keys"
  | "users"
  | "groups"
  | "sessions"
  | "sign-ins"
  | "explain"
  | "audit"
  | "paths"
  | "origin"
  | "branding"
  | "tokens";

const NAVIGATION: readonly { readonly title: string | null; readonly items: readonly [Section, string, string][] }[] = [
  { title: null, items: [["overview", "Overview", CONSOLE_PATH]] },
  {
    title: "Single sign-on",
    items: [
      ["setup", "Set up your provider", `${CONSOLE_PATH}/setup`],
      ["settings", "Settings", `${CONSOLE_PATH}/settings`],
      ["draft", "Draft and test", `${CONSOLE_PATH}/draft`],
      ["versions", "Versions", `${CONSOLE_PATH}/versions`],
      ["metadata", "Import metadata", `${CONSOLE_PATH}/metadata`],
      ["keys", "Our keys", `${CONSOLE_PATH}/keys`],
    ],
  },
  {
    title: "People",
    items: [
      ["users", "Users", `${CONSOLE_PATH}/users`],
      ["groups", "Permission groups", `${CONSOLE_PATH}/groups`],
      ["sessions", "Sessions", `${CONSOLE_PATH}/sessions`],
    ],
  },
  {
    title: "What happened",
    items: [
      ["sign-ins", "Sign-in log", `${CONSOLE_PATH}/sign-ins`],
      ["explain", "Explain an error", `${CONSOLE_PATH}/explain`],
      ["audit", "Audit log", `${CONSOLE_PATH}/audit`],
    ],
  },
  {
    title: "Application",
    items: [
      ["paths", "Paths and cache", `${CONSOLE_PATH}/paths`],
      ["origin", "Check the application", `${CONSOLE_PATH}/origin`],
    ],
  },
  {
    title: "Company",
    items: [
      ["branding", "Name and look", `${CONSOLE_PATH}/branding`],
      ["tokens", "API tokens", `${CONSOLE_PATH}/tokens`],
    ],
  },
];

/** A page in the console's frame. */
export function consolePage(visit: Visit, { section, ...page }: PageParts & { section: Section }): Response {
  return framePage({
    ...page,
    brand: visit.tenant.company,
    home: CONSOLE_PATH,
    done: visit.done,
    navigation: (label) => <Navigation visit={visit} section={section} label={label} />,
  });
}

const Navigation: FC<{ visit: Visit; section: Section; label: string }> = ({ visit, section, label }) => (
  <nav class="navi" aria-label={label}>
    {NAVIGATION.map(({ title, items }) => (
      <LinkList title={title} items={items} current={section} />
    ))}
    <div class="me">
      <p>
        Signed in as{" "}
        <span class="as">
          <bdi>{visit.session.email}</bdi>
        </span>
      </p>
      <p>
        <a href="/">Go to the application</a>
      </p>
      <p>
        <a href="/sso/logout">Sign out</a>
      </p>
    </div>
  </nav>
);
