/**
 * TENANT: which company a request is for, and what our entity ID, URLs and keys are for it. Owns the isolate's memory of
 * companies and the wrapping of their keys. Refuses to know who the visitor is and what is asked for.
 */
export {
  ASSERTION_KEY_ANNOUNCED_MS,
  type AssertionSigner,
  assertionKeyState,
  assertionSigner,
  newAssertionKey,
  publishedAssertionKeys,
  RETIRED_KEY_PUBLISHED_MS,
  withAssertionKey,
} from "./assertion-keys.ts";
export { classifyHost, type Host, IN_HOST, isSlug, RESERVED_SLUGS } from "./host.ts";
export { type Identity, identityClaims, identityToken, signIdentity } from "./identity-assertion.ts";
export { expectedIdpEntityIds } from "./idp-entity-ids.ts";
export { isRulePath, ruleFor } from "./path-rules.ts";
export {
  fromAll,
  nameOfDatabase,
  placeCompany,
  servicesOfAll,
  servicesOfCompany,
  unplaceCompany,
} from "./placement.ts";
export {
  forgetTenant,
  freshTenant,
  reloadTenant,
  resolveTenant,
  TENANT_FRESH_MS,
  TENANT_STALE_MS,
  UNKNOWN_FRESH_MS,
} from "./resolve.ts";
export { rewrapKeys } from "./rewrap.ts";
export {
  ASSERTION_KEY_LIFE_MS,
  beginAssertionKeyRotation,
  describeAssertionKey,
  rotateAssertionKeys,
} from "./rotate.ts";
export {
  activeSpKey,
  decryptionKeys,
  newSpKey,
  publishedSpKeys,
  RETIRED_KEY_OPENS_MS,
  signingKey,
  signingKeyIfAny,
} from "./sp-keys.ts";
export { type Tenant, withSettings } from "./tenant.ts";
