/**
 * The company's own key pairs: what it signs its requests with and what its identity provider encrypts to. A key pair is rolled
 * over in three steps that an administrator takes in his own time: publish the next, put it in use, retire the former.
 */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import { readCertificates } from "../saml/index.ts";
import {
  type AuditRecord,
  activateSpKey,
  beginSpKeyRollover,
  type Company,
  listSpKeys,
  retireSpKey,
  type SpKey,
} from "../store/index.ts";
import { activeSpKey, forgetTenant, newSpKey } from "../tenant/index.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { certificateView, viewCertificate } from "./certificates.ts";
import { time, timeText } from "./fields.ts";
import { type Answer, answer, conflict, notFound } from "./problems.ts";

const use = z.enum(["signing", "encryption"]);

export const spKeyView = z.extend(certificateView, {
  id: z.string(),
  use,
  state: z.enum(["published", "active", "previous", "retired"]).check(
    z.meta({
      description:
        "published: in the metadata, not in use yet. active: in use. previous: another is in use; still in the metadata, still decrypts. retired: gone from the metadata",
    }),
  ),
  createdAt: time,
  activatedAt: z.nullable(time),
  retiredAt: z.nullable(time),
});

export const newSpKeyInput = z.strictObject({ use });

/** A key pair, and where it stands among the company's others. */
export interface StandingSpKey {
  readonly key: SpKey;
  readonly state: z.infer<typeof spKeyView>["state"];
}

function standing(key: SpKey, keys: readonly SpKey[]): StandingSpKey {
  if (key.retiredAt !== null) return { key, state: "retired" };
  if (key.activatedAt === null) return { key, state: "published" };
  return { key, state: activeSpKey(keys, key.use)?.id === key.id ? "active" : "previous" };
}

export function viewSpKey({ key, state }: StandingSpKey): z.infer<typeof spKeyView> {
  const read = readCertificates(key.certificate);
  const certificate = read.ok ? read.value[0] : undefined;
  if (!certificate) throw new Error("a certificate of our own can't be read");
  return {
    id: key.id,
    use: key.use,
    state,
    ...viewCertificate(certificate),
    createdAt: timeText(key.createdAt),
    activatedAt: timeText(key.activatedAt),
    retiredAt: timeText(key.retiredAt),
  };
}

/** In the order they were made. */
export async function readSpKeys(services: Services, company: Company): Promise<StandingSpKey[]> {
  const keys = await listSpKeys(services.database, company.id);
  return keys.map((key) => standing(key, keys));
}

export async function readSpKey(services: Services, company: Company, id: string): Promise<Answer<StandingSpKey>> {
  const found = (await readSpKeys(services, company)).find(({ key }) => key.id === id);
  return found ? answer(found) : notFound("key pair");
}

/** Makes the next key pair and publishes it. Where none of this use is in use yet it is so at once. */
export async function beginRollover(
  services: Services,
  actor: Actor,
  company: Company,
  input: z.infer<typeof newSpKeyInput>,
): Promise<Answer<StandingSpKey>> {
  const keys = await listSpKeys(services.database, company.id);
  const first = activeSpKey(keys, input.use) === undefined;
  const made = await newSpKey(services, company, input.use);
  const key = first ? made : { ...made, activatedAt: null };
  const begun: StandingSpKey = { key, state: first ? "active" : "published" };
  const record = recordOf(services, actor, company, null, begun);
  const done = await beginSpKeyRollover(services.database, company.id, key, record);
  if (done === "already_begun") {
    return conflict("use", "The next key pair of this use is published already: put it in use or retire it first");
  }
  forgetTenant(services, company.slug);
  return answer(begun);
}

/** From now on requests are signed with this one, or it stands first in the metadata for encryption. */
export async function activate(
  services: Services,
  actor: Actor,
  company: Company,
  id: string,
): Promise<Answer<StandingSpKey>> {
  const before = await readSpKey(services, company, id);
  if (!before.ok) return before;
  const after: StandingSpKey = { key: { ...before.value.key, activatedAt: services.now() }, state: "active" };
  const record = recordOf(services, actor, company, before.value, after);
  if ((await activateSpKey(services.database, company.id, id, record)) === "not_waiting") {
    return conflict("id", "Only a published key pair that is not in use yet can be put in use");
  }
  forgetTenant(services, company.slug);
  return answer(after);
}

/** Takes it out of the metadata. It is never the one in use, and no other can be put in use while it is decided. */
export async function retire(services: Services, actor: Actor, company: Company, id: string): Promise<Answer<null>> {
  const before = await readSpKey(services, company, id);
  if (!before.ok) return before;
  const after: StandingSpKey = { key: { ...before.value.key, retiredAt: services.now() }, state: "retired" };
  const record = recordOf(services, actor, company, before.value, after);
  if ((await retireSpKey(services.database, company.id, id, record)) === "in_use") {
    const message =
      before.value.state === "retired"
        ? "This key pair is retired already"
        : "This key pair is in use: publish the next one and put that in use first";
    return conflict("id", message);
  }
  forgetTenant(services, company.slug);
  return answer(null);
}

function recordOf(
  services: Services,
  actor: Actor,
  company: Company,
  before: StandingSpKey | null,
  after: StandingSpKey,
): AuditRecord {
  return auditRecord(services, actor, company.id, {
    action: before === null ? "create" : "update",
    resource: "sp-key",
    resourceId: after.key.id,
    before: before && viewSpKey(before),
    after: viewSpKey(after),
  });
}
