/**
 * FOLLOW: reads the metadata that companies follow, when its turn has come or when somebody asks. Whatever is published there
 * is another company's affair at most: a look ends in a good copy or in a sentence, and in either case by the clock.
 */
import type { Allowance, Services } from "../context.ts";
import type { IdpMetadata } from "../saml/index.ts";
import {
  type Company,
  claimMetadataSource,
  type DueMetadataSource,
  listDueMetadataSources,
  type MetadataSource,
  saveMetadataSource,
} from "../store/index.ts";
import { expectedIdpEntityIds } from "../tenant/index.ts";
import type { Actor } from "./actor.ts";
import { fetchMetadata, usableMetadata } from "./idp-metadata.ts";
import { type FollowingCompany, pinCertificates, readSource, sourceRecord } from "./metadata-source.ts";
import { type Answer, answer, type Problem } from "./problems.ts";
import { changeVersioned, UNCONDITIONAL } from "./versions.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** So that those who began together don't come together for ever. */
const JITTER_MS = 4 * HOUR_MS;
/** Sources a run. */
const SOURCES_A_RUN_MAX = 50;
/** Statements of one look that finds nothing new; a certificate to pin takes some more. */
const LOOK_QUERIES = 14;
/** Connections that the platform lets a Worker open at once. */
const LANES = 6;
const FAILURE_CHARS_MAX = 300;

/** For the schedule: takes the sources whose time has come, each once however many runs overlap. */
export async function followMetadata(services: Services, may: Allowance): Promise<string> {
  may.queries--;
  const due = await listDueMetadataSources(services.database, services.now(), SOURCES_A_RUN_MAX);
  const sum = { good: 0, failing: 0 };
  const waiting = [...due];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (services.now() > may.until || may.queries < LOOK_QUERIES) return;
      may.queries -= LOOK_QUERIES;
      const took = await takeTurn(services, next);
      if (took !== null) sum[took]++;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return `${due.length} due, ${sum.good} read, ${sum.failing} failing`;
}

/** Null where it was another run's, or is nobody's turn. What one company's turn breaks on is not the next one's. */
async function takeTurn(services: Services, due: DueMetadataSource): Promise<"good" | "failing" | null> {
  try {
    // Should this run die, the next look is in an hour; of a suspended company tomorrow.
    const claimed = await claimMetadataSource(services.database, due, services.now() + HOUR_MS);
    const found = claimed ? await readSource(services, { id: due.companyId, slug: due.slug }) : null;
    if (!found?.ok || found.value.tenant.company.status !== "active") return null;
    const looked = await look(services, { kind: "metadata", companyId: due.companyId }, found.value);
    if (!looked.ok) return null;
    return looked.value.failure === null ? "good" : "failing";
  } catch {
    return "failing";
  }
}

/** Reads what the company follows, now. What went wrong with the reading stands in the source: the answer is that it was looked at. */
export async function lookAtMetadata(
  services: Services,
  actor: Actor,
  company: Company,
): Promise<Answer<FollowingCompany>> {
  const begun = await readSource(services, company);
  const looked = begun.ok ? await look(services, actor, begun.value) : begun;
  return looked.ok ? readSource(services, company) : looked;
}

/** The source as it then is. */
async function look(services: Services, actor: Actor, begun: FollowingCompany): Promise<Answer<MetadataSource>> {
  const { company } = begun.tenant;
  const { url } = begun.source;
  const fetched = await fetchMetadata(services, url);
  const read = fetched.ok ? usableMetadata(services, { bytes: fetched.value, path: "url" }) : fetched;
  return changeVersioned(
    UNCONDITIONAL,
    () => readSource(services, company),
    async (found) => {
      // Meanwhile another address was chosen.
      if (found.source.url !== url) return answer(found.source);
      const source = read.ok
        ? await taken(services, actor, company, found, read.value)
        : failed(services, found.source, sentenceOf(read.problem));
      if (source === "version_changed") return source;
      const isNews = source.announced.some((one) => !found.source.announced.includes(one));
      const record = isNews ? sourceRecord(services, actor, company, found.source, source) : null;
      const saved = await saveMetadataSource(services.database, company.id, found.source.version, source, record);
      return saved === "done" ? answer(source) : saved;
    },
  );
}

/** The copy that stands stays. Each further look comes after as long again as it has failed already: 1, 2, 4 hours, to a day. */
function failed(services: Services, source: MetadataSource, failure: string): MetadataSource {
  const now = services.now();
  const failedAt = source.failedAt ?? now;
  const wait = Math.min(DAY_MS, Math.max(HOUR_MS, now - failedAt));
  return {
    ...source,
    failure: failure.slice(0, FAILURE_CHARS_MAX),
    failedAt,
    nextAt: now + wait + jitter(wait / 8),
    version: source.version + 1,
  };
}

/** What a readable document makes of the source: a certificate that appears is pinned or announced, by the company's choice. */
async function taken(
  services: Services,
  actor: Actor,
  company: Company,
  { saml, source }: FollowingCompany,
  metadata: IdpMetadata,
): Promise<MetadataSource | "version_changed"> {
  const isOurs = (entityIds: readonly string[] | null) => entityIds?.includes(metadata.entityId) === true;
  if (!isOurs(expectedIdpEntityIds(saml))) {
    return failed(services, source, `Describes another identity provider: ${metadata.entityId}`);
  }
  const published = metadata.certificates.map(({ base64 }) => base64);
  const unknown = published.filter((one) => !saml.certificates.includes(one) && !source.dismissed.includes(one));
  const good: MetadataSource = {
    ...source,
    certificates: published,
    announced: unknown,
    readAt: services.now(),
    failure: null,
    failedAt: null,
    nextAt: services.now() + DAY_MS - jitter(JITTER_MS),
    version: source.version + 1,
  };
  // What was published before and is not pinned was taken out by somebody: that is theirs to decide, not the publisher's.
  const appeared = source.trust === "automatic" ? unknown.filter((one) => !source.certificates.includes(one)) : [];
  if (appeared.length === 0) return good;
  const pinned = await pinCertificates(services, actor, company, appeared, isOurs);
  if (pinned.ok) return { ...good, announced: unknown.filter((one) => !appeared.includes(one)) };
  // Somebody was quicker: what is to be done now is seen from the settings as they then are.
  if (pinned.problem.status !== 422) return "version_changed";
  // Not in the copy, so that they appear once more at the next look.
  const certificates = published.filter((one) => !appeared.includes(one));
  return failed(services, { ...good, certificates, failedAt: source.failedAt }, sentenceOf(pinned.problem));
}

function sentenceOf({ errors, title }: Problem): string {
  return errors?.[0]?.message ?? title;
}

/** Up to so many milliseconds. */
function jitter(max: number): number {
  return Math.floor(Math.random() * max);
}
