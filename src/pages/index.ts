/**
 * PAGES: everything the visitor sees of the gateway itself. Owns words, looks and the security headers of HTML; refuses to know why a page is
 * shown. Each function returns a whole Response.
 */
export { ICON, newNonce, PAGE_HEADERS, Time } from "./layout.tsx";
export { choosePasswordPage, localSignInPage, type PasswordProblem } from "./local-pages.tsx";
export { passkeysPage } from "./passkey-pages.tsx";
export type { PageProblem } from "./problem.tsx";
export {
  notConfiguredPage,
  nothingHerePage,
  originUnavailablePage,
  refusalPage,
  sessionNeededPage,
  suspendedCompanyPage,
  tooManyRequestsPage,
  unavailablePage,
  unknownCompanyPage,
} from "./refusal-pages.tsx";
export { keptPostPage, noticePage, ownSessionsPage, sessionEndedPage } from "./session-pages.tsx";
export { continuePage, onTheWayPage, postBindingPage, signedOutPage } from "./sign-in-pages.tsx";
export { BASE_STYLE } from "./style.ts";
export { type Brand, BrandMark, themeStyle } from "./theme.tsx";
