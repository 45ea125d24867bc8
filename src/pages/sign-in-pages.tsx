/** The pages on the way in and out: the hand-over to the identity provider, the question whom to continue as, and the end. */
import { ActionLink, page } from "./layout.tsx";
import type { Brand } from "./theme.tsx";

/** Bounds what a page address may leave in the request's cookies. */
const FRAGMENT_COOKIE_CHARS_MAX = 512;
/** As long as a sign-in may take. */
const FRAGMENT_COOKIE_SECONDS = 900;

/**
 * Keeps the part of the address that no server sees, then posts the form. Submitting before the page has loaded makes the browser replace this
 * page's place in its history, so that "back" at the identity provider does not end here again.
 */
const POST_BINDING_SCRIPT = `(function(){
var form=document.getElementById("post-binding"),kept=encodeURIComponent(location.hash);
if(kept.length>3&&kept.length<=${FRAGMENT_COOKIE_CHARS_MAX})
document.cookie=form.dataset.fragmentCookie+"="+kept+"; Path=/; Max-Age=${FRAGMENT_COOKIE_SECONDS}; SameSite=None; Secure";
HTMLFormElement.prototype.submit.call(form);
})()`;

const COOKIE_NAME = /^[A-Za-z0-9_-]+$/;

/** SAML Bindings 3.5.4: the form that carries the AuthnRequest. The button is for browsers that run no script, and for slow moments. */
export function postBindingPage(p: {
  action: string;
  samlRequest: string;
  relayState: string;
  company: Brand;
  fragmentCookieName: string;
}): Response {
  if (!COOKIE_NAME.test(p.fragmentCookieName)) throw new Error("fragmentCookieName is not a cookie name");
  return page({
    status: 200,
    title: "Taking you to sign in",
    company: p.company,
    doorway: "waiting",
    formAction: "anywhere",
    keepOpener: true,
    // Some identity providers turn away a post whose Origin is "null", which is what "same-origin" would send.
    referrerPolicy: "strict-origin",
    script: POST_BINDING_SCRIPT,
    children: (
      <>
        <p class="lead">
          <bdi>{p.company.name}</bdi> signs people in with its own identity provider. You come back here right after.
        </p>
        <p class="advice">If nothing happens, use the button.</p>
        <form
          id="post-binding"
          class="actions"
          method="post"
          action={p.action}
          data-fragment-cookie={p.fragmentCookieName}
        >
          <input type="hidden" name="SAMLRequest" value={p.samlRequest} />
          {p.relayState !== "" && <input type="hidden" name="RelayState" value={p.relayState} />}
          <button class="button" type="submit">
            Continue to sign in
          </button>
        </form>
      </>
    ),
  });
}

/** A step that ends the page before it: what follows is no longer that page's form. */
export function onTheWayPage(company: Brand, refreshTo: string): Response {
  return page({
    status: 200,
    title: "Taking you to sign in",
    company,
    doorway: "waiting",
    refreshTo,
    children: (
      <p class="actions">
        <ActionLink href={refreshTo}>Continue to sign in</ActionLink>
      </p>
    ),
  });
}

/** Asks before signing in a browser that did not start this sign-in (its request cookie is missing): nobody is signed in as another unawares. */
export function continuePage(p: { email: string; company: Brand; token: string; action: string }): Response {
  return page({
    status: 200,
    title: "Continue as this person?",
    company: p.company,
    doorway: "waiting",
    // After the post the visitor goes on to the deep link, and the origin may redirect that to another host.
    formAction: "anywhere",
    keepOpener: true,
    children: (
      <>
        <p class="lead">Your identity provider answered for</p>
        <p class="who">
          <bdi>{p.email}</bdi>
        </p>
        <p class="advice">
          This browser did not start the sign-in itself. Continue only if this is you; if it is not, close this page.
        </p>
        <form class="actions" method="post" action={p.action}>
          <input type="hidden" name="token" value={p.token} />
          <button class="button" type="submit">
            Continue
          </button>
        </form>
      </>
    ),
  });
}

/** Ends a sign-out. It must not sign in again by itself. */
export function signedOutPage(p: { company: Brand; signInUrl: string }): Response {
  return page({
    status: 200,
    title: "You are signed out",
    company: p.company,
    doorway: "closed",
    children: (
      <>
        <p class="lead">
          Your session at <bdi>{p.company.name}</bdi> has ended.
        </p>
        <p class="advice">On a shared computer, close the browser as well.</p>
        <p class="actions">
          <ActionLink href={p.signInUrl} quiet>
            Sign in again
          </ActionLink>
        </p>
      </>
    ),
  });
}
