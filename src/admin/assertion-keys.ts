/** The keys of the identity assertion as the API shows them, and a rotation that doesn't wait for the schedule. */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import { type Company, listAssertionKeys } from "../store/index.ts";
import {
  ASSERTION_KEY_ANNOUNCED_MS,
  beginAssertionKeyRotation,
  describeAssertionKey,
  forgetTenant,
} from "../tenant/index.ts";
import { type Actor, actorName } from "./actor.ts";
import { time } from "./fields.ts";
import { type Answer, answer, conflict } from "./problems.ts";

const coordinate = z.optional(z.string());

export const assertionKeyView = z.object({
  kid: z.string(),
  state: z.enum(["published", "active", "previous", "retired"]).check(
    z.meta({
      description:
        "published: in /sso/jwks.json, doesn't sign yet. active: signs. previous: still in /sso/jwks.json. retired: gone from it",
    }),
  ),
  publicJwk: z.object({ kty: coordinate, crv: coordinate, x: coordinate, y: coordinate }),
  createdAt: time,
  retiredAt: z.nullable(time),
});
type AssertionKeyView = z.infer<typeof assertionKeyView>;

/** Newest first. */
export async function readAssertionKeys(services: Services, company: Company): Promise<AssertionKeyView[]> {
  const keys = await listAssertionKeys(services.database, company.id);
  return keys.map((key) => describeAssertionKey(key, keys, services.now()));
}

/** Publishes the next key. It takes over by itself, and the schedule retires the former. */
export async function rotateNow(services: Services, actor: Actor, company: Company): Promise<Answer<AssertionKeyView>> {
  const former = await listAssertionKeys(services.database, company.id);
  const noneSince = services.now() - ASSERTION_KEY_ANNOUNCED_MS;
  const key = await beginAssertionKeyRotation(services, actorName(actor), company.id, former, noneSince);
  if (key === null) return conflict("", "A key of the last 15 minutes is published already: the next one follows it");
  forgetTenant(services, company.slug);
  return answer(describeAssertionKey(key, [key, ...former], services.now()));
}
