/**
 * The address whose metadata a company follows: what is kept of it, and what administrators decide about the certificates that
 * it announces. Only certificates are ever taken from it, and only added: what people chose stays as they chose it.
 */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import { type Certificate, readCertificates } from "../saml/index.ts";
import {
  type AuditRecord,
  type Company,
  deleteMetadataSource,
  findMetadataSource,
  type MetadataSource,
  saveMetadataSource,
} from "../store/index.ts";
import { expectedIdpEntityIds } from "../tenant/index.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { certificateView, viewCertificate } from "./certificates.ts";
import { browserUrl, readOnly, time, timeText } from "./fields.ts";
import { metadataUrlRefusal } from "./idp-metadata.ts";
import { type Answer, answer, conflict, invalid, notFound } from "./problems.ts";
import { type CompanyName, type ConfiguredCompany, patched, readSaml, writeSaml } from "./saml-settings.ts";
import { changeVersioned, type Precondition, UNCONDITIONAL, type Versioned } from "./versions.ts";

const described = (description: string) => z.meta({ description });
const trust = z
  .enum(["announce", "automatic"])
  .check(described("What happens to a certificate that appears: it waits for an administrator, or is trusted at once"));
const seen = {
  readAt: z.nullable(time).check(described("When the last good copy was read")),
  failure: z.nullable(z.string()).check(described("Why the last look failed")),
  failedAt: z.nullable(time).check(described("Since when every look has failed")),
  nextAt: time,
  certificates: z.array(certificateView).check(described("Of the last good copy")),
  announced: z.array(certificateView).check(described("Of those, what waits for an administrator")),
};

export const sourcePut = z.strictObject({
  url: browserUrl,
  trust: z._default(trust, "announce"),
  ...Object.fromEntries(Object.keys(seen).map((name) => [name, readOnly])),
});
export const sourceView = z.object({ url: z.string(), trust, ...seen });
export const namedCertificate = z.strictObject({
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/, "Must be a SHA-256 in lower-case hex")),
});

/** A company with its settings and what it follows, if anything. The version changes with both, as what is shown does; 0: nothing. */
export interface PossiblyFollowing extends ConfiguredCompany, Versioned {
  readonly source: MetadataSource | null;
}

export interface FollowingCompany extends PossiblyFollowing {
  readonly source: MetadataSource;
}

export function certificatesIn(texts: readonly string[]): Certificate[] {
  return texts.flatMap((base64) => {
    const read = readCertificates(base64);
    return read.ok ? read.value : [];
  });
}

/** What still waits: somebody may have pinned it by hand since the metadata was read. */
export function announcedOf({ saml, source }: Pick<FollowingCompany, "saml" | "source">): string[] {
  return source.announced.filter((one) => !saml.certificates.includes(one));
}

export function viewSource(following: FollowingCompany): z.infer<typeof sourceView> {
  const { url, trust, failure, readAt, failedAt, nextAt, certificates } = following.source;
  return {
    url,
    trust,
    readAt: timeText(readAt),
    failure,
    failedAt: timeText(failedAt),
    nextAt: timeText(nextAt),
    certificates: certificatesIn(certificates).map(viewCertificate),
    announced: certificatesIn(announcedOf(following)).map(viewCertificate),
  };
}

export async function readPossible(services: Services, company: CompanyName): Promise<Answer<PossiblyFollowing>> {
  const [configured, source] = await Promise.all([
    readSaml(services, company),
    findMetadataSource(services.database, company.id),
  ]);
  if (!configured.ok) return configured;
  const id = `${company.id}-${configured.value.saml.version}`;
  return answer({ ...configured.value, source, id, version: source?.version ?? 0 });
}

export async function readSource(services: Services, company: CompanyName): Promise<Answer<FollowingCompany>> {
  const found = await readPossible(services, company);
  if (!found.ok) return found;
  const { source } = found.value;
  return source === null ? notFound("metadata source") : answer({ ...found.value, source });
}

/** What an administrator chooses, as the audit shows it; a copy's certificates by what they are announced as. */
export function sourceRecord(
  services: Services,
  actor: Actor,
  company: Company,
  before: MetadataSource | null,
  after: MetadataSource | null,
): AuditRecord {
  const shown = (source: MetadataSource | null) => {
    const fingerprints = (texts: readonly string[]) => certificatesIn(texts).map(({ sha256 }) => sha256);
    return (
      source && {
        url: source.url,
        trust: source.trust,
        announced: fingerprints(source.announced),
        dismissed: fingerprints(source.dismissed),
      }
    );
  };
  return auditRecord(services, actor, company.id, {
    action: before === null ? "create" : after === null ? "delete" : "update",
    resource: "metadata-source",
    resourceId: company.id,
    before: shown(before),
    after: shown(after),
  });
}

/** Follows this address from now on; it is due at once. Another address begins with nothing read. */
export function writeSource(
  services: Services,
  actor: Actor,
  company: Company,
  input: { readonly url: string; readonly trust: MetadataSource["trust"] },
  precondition: Precondition,
): Promise<Answer<FollowingCompany>> {
  const refusal = metadataUrlRefusal(services, input.url);
  if (refusal !== null) return Promise.resolve(invalid([{ path: "url", message: refusal }]));
  return changeVersioned(
    (found) => precondition(found?.version === 0 ? null : found),
    () => readPossible(services, company),
    async (found) => {
      if (expectedIdpEntityIds(found.saml) === null) {
        const message = "Enter the IdP Entity ID in the settings first: it says whose metadata this must be";
        return invalid([{ path: "url", message }]);
      }
      const now = services.now();
      const before = found.source;
      const kept = before?.url === input.url ? before : null;
      const source: MetadataSource = {
        certificates: [],
        announced: [],
        readAt: null,
        failure: null,
        failedAt: null,
        ...kept,
        ...input,
        dismissed: before?.dismissed ?? [],
        nextAt: now,
        // The time, so that no later source has the version of one that was deleted.
        version: Math.max((before?.version ?? 0) + 1, now),
        createdAt: before?.createdAt ?? now,
        updatedAt: now,
      };
      const record = sourceRecord(services, actor, company, before, source);
      const saved = await saveMetadataSource(services.database, company.id, before?.version ?? null, source, record);
      return saved === "done" ? answer({ ...found, source, version: source.version }) : saved;
    },
  );
}

/** What is pinned stays pinned. */
export function deleteSource(
  services: Services,
  actor: Actor,
  company: Company,
  precondition: Precondition,
): Promise<Answer<null>> {
  return changeVersioned(
    precondition,
    () => readSource(services, company),
    async ({ source }) => {
      const record = sourceRecord(services, actor, company, source, null);
      const done = await deleteMetadataSource(services.database, company.id, source.version, record);
      return done === "done" ? answer(null) : done;
    },
  );
}

/** Adds these to what is pinned, by the way that all settings go. `still` is asked of the settings that they are added to. */
export function pinCertificates(
  services: Services,
  actor: Actor,
  company: Company,
  texts: readonly string[],
  still: (entityIds: readonly string[] | null) => boolean = () => true,
): Promise<Answer<ConfiguredCompany>> {
  return writeSaml(services, actor, company, UNCONDITIONAL, (current) => {
    if (current === null || !still(expectedIdpEntityIds(current))) return notFound("identity provider");
    const missing = texts.filter((one) => !current.certificates.includes(one));
    if (missing.length === 0) return conflict("sha256", "This certificate is trusted already");
    return answer(patched(current, { certificates: [...current.certificates, ...missing] }));
  });
}

/** Pins a certificate of the last good copy, whether it was announced or is thought of better. */
export async function acceptCertificate(
  services: Services,
  actor: Actor,
  company: Company,
  sha256: string,
): Promise<Answer<FollowingCompany>> {
  const found = await readSource(services, company);
  if (!found.ok) return found;
  const certificate = certificatesIn(found.value.source.certificates).find((one) => one.sha256 === sha256);
  if (!certificate) return notPublished();
  const pinned = await pinCertificates(services, actor, company, [certificate.base64]);
  return pinned.ok ? readSource(services, company) : pinned;
}

/** Announces it no more, however long it is published. */
export function dismissCertificate(
  services: Services,
  actor: Actor,
  company: Company,
  sha256: string,
): Promise<Answer<FollowingCompany>> {
  return changeVersioned(
    UNCONDITIONAL,
    () => readSource(services, company),
    async (found) => {
      const before = found.source;
      const certificate = certificatesIn(announcedOf(found)).find((one) => one.sha256 === sha256);
      if (!certificate) return notPublished();
      const source = {
        ...before,
        announced: before.announced.filter((one) => one !== certificate.base64),
        dismissed: [...before.dismissed, certificate.base64].slice(-DISMISSED_MAX),
        version: before.version + 1,
        updatedAt: services.now(),
      };
      const record = sourceRecord(services, actor, company, before, source);
      const saved = await saveMetadataSource(services.database, company.id, before.version, source, record);
      return saved === "done" ? answer({ ...found, source, version: source.version }) : saved;
    },
  );
}

/** Some kilobytes each; what falls out is announced once more if it is still published. */
const DISMISSED_MAX = 50;

function notPublished() {
  return invalid([{ path: "sha256", message: "Is none of the certificates that were announced" }]);
}
