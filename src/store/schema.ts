/**
 * The tables. Every row but `companies` and `audit` belongs to one company and carries its id at the head of its key, and
 * every reference between such rows is a composite foreign key that contains the company: a row can't point into another
 * company. Times are UTC milliseconds, ids UUIDv7 text. Each index is there for a query of this folder or for a foreign key.
 */

export {
  credentials,
  invitations,
  keptPosts,
  localAttempts,
  passkeys,
  sessions,
  usedAssertions,
  usedRequests,
} from "./schema-access.ts";
export { companies, groups, logos, placements, users } from "./schema-companies.ts";
export { audit, idempotencyKeys, signIns, tokens } from "./schema-records.ts";
export {
  assertionKeys,
  groupMappings,
  metadataSources,
  samlDrafts,
  samlSettings,
  samlVersions,
  spKeys,
} from "./schema-sign-in.ts";
