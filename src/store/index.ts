/**
 * The store: D1 through Drizzle, and the only folder that knows either. Each function is one statement or one batch, that is
 * one round trip, and what must hold together stands in one batch. Rows never leave; nothing here knows HTTP, cookies or XML.
 */
export type { AttemptCount, AttemptLimit, AttemptLimits } from "./attempts.ts";
export {
  findAuditSpan,
  listAudit,
  listAuditChain,
  SEAL_ROWS_MAX,
  type SealedAudit,
  sealAudit,
  sealPending,
} from "./audit.ts";
export { auditHash, type ChainCheck, type ChainFault, type ChainRow, newChainCheck } from "./audit-chain.ts";
export { findUsersByEmails, type UserWrite, writeUsers } from "./bulk.ts";
export type { ChangeResult } from "./changes.ts";
export {
  type CompanyChanges,
  createCompany,
  deleteCompany,
  findCompany,
  findSlugs,
  listCompanies,
  searchCompanies,
  updateCompany,
} from "./companies.ts";
export {
  type ConfigurationWrite,
  findGroupsWithUsers,
  type GroupWrite,
  writeConfiguration,
} from "./configuration.ts";
export {
  completeLocalSignIn,
  type LocalAccount,
  type LocalSignInState,
  type LocalSignInWrite,
  prepareLocalSignIn,
} from "./credentials.ts";
export { type Database, nearestReplica, newId, openDatabase, StorageInDoubt, StorageUnavailable } from "./database.ts";
export { EMAIL_CHARS_MAX, emailKey, isPlainEmail } from "./email.ts";
export {
  createGroup,
  deleteGroup,
  findGroup,
  GROUPS_PER_COMPANY_MAX,
  type GroupChanges,
  listGroups,
  updateGroup,
} from "./groups.ts";
export {
  claimIdempotencyKey,
  type IdempotencyClaim,
  type IdempotencyState,
  keepIdempotentAnswer,
  releaseIdempotencyKey,
} from "./idempotency.ts";
export {
  type AcceptedInvitation,
  acceptInvitation,
  createInvitation,
  deleteInvitation,
  findInvitation,
  type InvitationState,
  listInvitations,
  listPendingInvitations,
  type PendingInvitation,
  prepareInvitation,
} from "./invitations.ts";
export {
  discardKeptPost,
  findKeptPost,
  KEPT_POSTS_PER_USER_MAX,
  keepPost,
  takeKeptPost,
} from "./kept-posts.ts";
export {
  beginAssertionKey,
  type DueAssertionKey,
  findDueAssertionKeys,
  insertAssertionKey,
  listAssertionKeys,
  retireAssertionKey,
} from "./keys.ts";
export { findLogo, type Logo, saveLogo } from "./logos.ts";
export { endSessionsByLogout, type LogoutWrite } from "./logout.ts";
export {
  claimMetadataSource,
  type DueMetadataSource,
  deleteMetadataSource,
  findMetadataSource,
  listDueMetadataSources,
  saveMetadataSource,
} from "./metadata-sources.ts";
export {
  completePasskeySignIn,
  type PasskeyAccount,
  type PasskeySignInState,
  type PasskeySignInWrite,
  preparePasskeySignIn,
} from "./passkey-sign-in.ts";
export {
  addPasskey,
  deletePasskey,
  deletePasskeysOfUser,
  findPasskey,
  listPasskeys,
  PASSKEYS_PER_USER_MAX,
  type PasskeyOwner,
  preparePasskeys,
} from "./passkeys.ts";
export { dropPlacement, findPlacement, takePlacement } from "./placements.ts";
export {
  AUDIT_RETENTION_DAYS,
  IDEMPOTENCY_RETENTION_HOURS,
  PURGE_QUERIES,
  type Purged,
  purgeExpired,
  SIGN_IN_RETENTION_DAYS,
} from "./purge.ts";
export {
  deleteSamlDraft,
  findSamlDraft,
  findWaysIn,
  recordTestedSignIn,
  saveSamlDraft,
  type TestedWrite,
  type WaysIn,
} from "./saml-drafts.ts";
export {
  findSamlSettings,
  findSamlVersion,
  GROUP_MAPPINGS_MAX,
  listSamlVersions,
  SAML_VERSIONS_MAX,
  saveSamlSettings,
} from "./saml-settings.ts";
export {
  type CheckedSession,
  checkSession,
  endOwnSessions,
  endSession,
  endSessionsOfUser,
  findSession,
  listSessions,
} from "./sessions.ts";
export {
  completeSignIn,
  findSignIn,
  listSignIns,
  prepareSignIn,
  REFUSALS_KEPT_MAX,
  REFUSALS_SAMPLED_EVERY,
  REFUSALS_WINDOW_MS,
  recordSignIn,
  SIGN_IN_CHECKS_MAX,
  SIGN_IN_FILTER_ROWS_MAX,
  SIGN_IN_TEXT_CHARS_MAX,
  type SignInQuery,
  type SignInResult,
  type SignInState,
  type SignInWrite,
  searchSignIns,
  takeSealedMessage,
} from "./sign-ins.ts";
export { activateSpKey, beginSpKeyRollover, insertSpKey, listSpKeys, retireSpKey } from "./sp-keys.ts";
export { type DatabaseState, NEWEST_MIGRATION, readDatabaseState } from "./state.ts";
export { loadTenant, type TenantRows } from "./tenant.ts";
export { createToken, deleteToken, findToken, findTokenByHash, listTokens } from "./tokens.ts";
export type * from "./types.ts";
export { AUDITED } from "./types.ts";
export {
  createUser,
  deleteUser,
  findUser,
  findUserByEmail,
  hasMappedUsers,
  hasOtherAdministrator,
  listUsers,
  searchUsers,
  type UserConflict,
  updateUser,
} from "./users.ts";
export {
  listWrappedKeys,
  replaceWrappedKeys,
  WRAPPED_KEY_TABLES,
  type WrappedKey,
  type WrappedKeyTable,
} from "./wrapped-keys.ts";
