/**
 * The pages that say no. The visitor reads a sentence, what to do, and a reference; what was wrong stands in the company's sign-in log.
 */
import { ActionLink, isLocalPath, page, Reference } from "./layout.tsx";
import type { Brand } from "./theme.tsx";

/** Seconds after which a client may try again when the database cannot be asked. */
const RETRY_AFTER_SECONDS = 10;
/** A host name is at most 253 characters (RFC 1035, 2.3.4); what a client sends as one may be anything. */
const HOST_CHARS_MAX = 253;

/** A sign-in, or another request, that was refused. `refreshTo` leads home at once where a session exists already (the back button). */
export function refusalPage(p: {
  status: number;
  title: string;
  sentence: string;
  advice: string;
  reference: string;
  home: string | null;
  retry: string | null;
  /** What stands on the way home, where it leads somewhere else. */
  homeLabel?: string;
  refreshTo?: string;
  company?: Brand;
}): Response {
  return page({
    status: p.status,
    title: p.title,
    company: p.company ?? null,
    doorway: "closed",
    ...(p.refreshTo !== undefined && isLocalPath(p.refreshTo) ? { refreshTo: p.refreshTo } : {}),
    children: (
      <>
        <p class="lead">{p.sentence}</p>
        <p class="advice">{p.advice}</p>
        {(p.retry !== null || p.home !== null) && (
          <p class="actions">
            <ActionLink href={p.retry}>Try again</ActionLink>
            <ActionLink href={p.home} quiet={p.retry !== null}>
              {p.homeLabel ?? "Go to the start page"}
            </ActionLink>
          </p>
        )}
        <Reference reference={p.reference} />
      </>
    ),
  });
}

/** No company has this host. */
export function unknownCompanyPage(host: string): Response {
  return page({
    status: 404,
    title: "There is no company here",
    company: null,
    doorway: "closed",
    children: (
      <>
        <p class="lead">
          No company has its address at <code>{host.slice(0, HOST_CHARS_MAX)}</code>.
        </p>
        <p class="advice">Check the address for a typing mistake, or ask the person who gave you the link.</p>
      </>
    ),
  });
}

/** The operator has suspended the company. */
export function suspendedCompanyPage(company: Brand): Response {
  return page({
    status: 403,
    title: "Access is paused",
    company,
    doorway: "closed",
    children: (
      <>
        <p class="lead">
          Sign-in for <bdi>{company.name}</bdi> is suspended for now.
        </p>
        <p class="advice">Your administrator knows more, and can have it opened again.</p>
      </>
    ),
  });
}

/** The company has no single sign-on settings yet. */
export function notConfiguredPage(company: Brand, localUrl: string): Response {
  return page({
    status: 404,
    title: "Single sign-on is not set up yet",
    company,
    doorway: "closed",
    children: (
      <>
        <p class="lead">
          <bdi>{company.name}</bdi> has not connected an identity provider so far.
        </p>
        <p class="advice">If you have a password here, sign in with it. If not, ask your administrator.</p>
        <p class="actions">
          <ActionLink href={localUrl}>Sign in with a password</ActionLink>
        </p>
      </>
    ),
  });
}

/** An address below /sso that leads nowhere, or only for forms: `/sso/acs` stands in the address bar after a refusal. */
export function nothingHerePage(company: Brand): Response {
  return page({
    status: 404,
    title: "There is nothing here",
    company,
    doorway: "closed",
    children: (
      <>
        <p class="lead">This address is only a step of signing in or out, or it is mistyped.</p>
        <p class="actions">
          <ActionLink href="/">Go to the start page</ActionLink>
        </p>
      </>
    ),
  });
}

/** One address asks too often. */
export function tooManyRequestsPage(company: Brand, headers: Record<string, string>): Response {
  return page({
    status: 429,
    title: "Too many at once",
    company,
    doorway: "closed",
    headers,
    children: (
      <>
        <p class="lead">From your network there came more requests to sign in than we take in a minute.</p>
        <p class="advice">Wait a minute, then reload this page.</p>
      </>
    ),
  });
}

/** The company wants this path to answer with 401 instead of leading to the sign-in. */
export function sessionNeededPage(company: Brand, signInUrl: string): Response {
  return page({
    status: 401,
    title: "Please sign in first",
    company,
    doorway: "closed",
    children: (
      <>
        <p class="lead">This page is for people who are signed in.</p>
        <p class="actions">
          <ActionLink href={signInUrl}>Sign in</ActionLink>
        </p>
      </>
    ),
  });
}

/** The company's origin did not answer (502), or not in time (504). Nothing is wrong with the visitor; it is the application that is away. */
export function originUnavailablePage(p: { kind: "down" | "slow"; reference: string }): Response {
  return page({
    status: p.kind === "down" ? 502 : 504,
    title: p.kind === "down" ? "The application does not answer" : "The application takes too long",
    company: null,
    doorway: "open",
    children: (
      <>
        <p class="lead">The application behind this door is out of reach at the moment.</p>
        <p class="advice">Reload the page in a minute. If it stays like this, give your administrator the reference.</p>
        <Reference reference={p.reference} />
      </>
    ),
  });
}

/** Something that must be asked cannot be asked (the database). In doubt nobody gets in, so the answer is "not now". */
export function unavailablePage(reference: string): Response {
  return page({
    status: 503,
    title: "Not available for a moment",
    company: null,
    doorway: "closed",
    headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
    children: (
      <>
        <p class="lead">We cannot check who you are just now, and so cannot let you in.</p>
        <p class="advice">Reload the page in a minute. If it stays like this, give your administrator the reference.</p>
        <Reference reference={reference} />
      </>
    ),
  });
}
