/**
 * Passkeys on pages: the button that signs in with one, a person's own list of them, and the one script that both share. By
 * nature nothing of it works without a script; what does (the list, removing) stays plain forms.
 */
import type { Child, FC } from "hono/jsx";
import { ActionLink, page, Time } from "./layout.tsx";
import { type PageProblem, Problem } from "./problem.tsx";
import type { Brand } from "./theme.tsx";

/**
 * Asks the gateway for options, the browser for a passkey, and sends what came with the form, field by field. base64url is
 * translated by hand, since parseRequestOptionsFromJSON and its kin are newer than the browsers that have passkeys. On the
 * sign-in page it also offers passkeys where the address is typed; such an offer waits, so its challenge is renewed in time.
 */
export const PASSKEY_SCRIPT = `(()=>{
const f=document.getElementById("passkey"),s=document.getElementById("passkey-says"),k=navigator.credentials,P=window.PublicKeyCredential;
if(!f||!P||!k)return;
f.hidden=false;s.textContent="";
const b=t=>Uint8Array.from(atob(t.replace(/-/g,"+").replace(/_/g,"/")),c=>c.charCodeAt(0));
const t=v=>v?btoa(String.fromCharCode(...new Uint8Array(v))).replace(/\\+/g,"-").replace(/\\//g,"_").replace(/=/g,""):"";
let w,again;
const run=async quiet=>{
if(w)w.abort();clearTimeout(again);
const own=w=new AbortController();
if(!quiet)s.textContent="Follow your browser’s window.";
try{
const r=await fetch(f.dataset.options);
if(!r.ok||r.redirected)throw 0;
const o=await r.json();
if(own.signal.aborted)return;
o.challenge=b(o.challenge);
if(o.user)o.user.id=b(o.user.id);
for(const c of o.excludeCredentials||[])c.id=b(c.id);
if(quiet)again=setTimeout(()=>run(true),240000);
const c=await k[o.user?"create":"get"]({publicKey:o,signal:own.signal,...(quiet?{mediation:"conditional"}:{})}),a=c.response;
const v={id:c.id,clientDataJSON:t(a.clientDataJSON)};
if(o.user)Object.assign(v,{authenticatorData:t(a.getAuthenticatorData()),publicKey:t(a.getPublicKey()),publicKeyAlgorithm:a.getPublicKeyAlgorithm(),transports:a.getTransports().join()});
else Object.assign(v,{authenticatorData:t(a.authenticatorData),signature:t(a.signature),userHandle:t(a.userHandle)});
clearTimeout(again);
for(const n in v){const i=document.createElement("input");i.type="hidden";i.name=n;i.value=v[n];f.append(i)}
f.submit();
}catch(e){
if(quiet||own.signal.aborted)return;
s.textContent=e.name=="InvalidStateError"?"This device or key has a passkey for you here already.":e.name=="NotAllowedError"?"No passkey was used: the browser’s window was closed, or there is none for this host.":"That did not work. Reload the page and try again.";
offer()
}};
const offer=async()=>{if(!f.elements.name&&P.isConditionalMediationAvailable&&await P.isConditionalMediationAvailable())run(true)};
f.addEventListener("submit",e=>{e.preventDefault();run(false)});
offer()
})()`.replaceAll("\n", "");

/** Shown by the script where the browser can. */
export const PasskeySignIn: FC<{ formToken: string; returnTo: string }> = ({ formToken, returnTo }) => (
  <form method="post" action="/sso/local/passkey" id="passkey" hidden data-options="/sso/local/passkey">
    <input type="hidden" name="form_token" value={formToken} />
    <input type="hidden" name="return_to" value={returnTo} />
    <p class="actions">
      <button class="button quiet" type="submit">
        Sign in with a passkey
      </button>
    </p>
    <Says />
  </form>
);

/** Where the script speaks; what stands there before is for those without one. */
const Says: FC<{ children?: Child }> = ({ children }) => (
  <p class="hint" role="status" id="passkey-says">
    {children}
  </p>
);

const DONE = {
  added: "The passkey is added. From now on you can sign in with it.",
  removed: "The passkey is removed. It opens nothing here any more; delete it in your device’s settings as well.",
};

export function passkeysPage(p: {
  company: Brand;
  email: string;
  passkeys: readonly { id: string; name: string; createdAt: number; lastUsedAt: number | null }[];
  formToken: string;
  /** The sign-in is recent enough for a change. */
  recent: boolean;
  /** There is no room for another one. */
  full: boolean;
  nameCharsMax: number;
  signInUrl: string;
  home: string;
  done: keyof typeof DONE | null;
  problem: PageProblem | null;
}): Response {
  const { problem, recent } = p;
  const token = <input type="hidden" name="form_token" value={p.formToken} />;
  return page({
    status: problem?.status ?? 200,
    title: "Your passkeys",
    company: p.company,
    doorway: "open",
    script: PASSKEY_SCRIPT,
    connects: true,
    children: (
      <>
        <p class="lead">
          With a passkey you sign in by fingerprint, face or device PIN instead of a password. These belong to{" "}
          <bdi>{p.email}</bdi>, at <bdi>{p.company.name}</bdi> alone.
        </p>
        <Problem problem={problem} />
        {p.done !== null && problem === null && (
          <p class="who" role="status">
            {DONE[p.done]}
          </p>
        )}
        {p.passkeys.length === 0 ? (
          <p>You have no passkey yet.</p>
        ) : (
          <ul class="keys">
            {p.passkeys.map(({ id, name, createdAt, lastUsedAt }) => (
              <li>
                <div>
                  <strong>
                    <bdi>{name}</bdi>
                  </strong>
                  <p class="hint">
                    Added <Time at={createdAt} />, {lastUsedAt === null ? "not used yet" : "last used "}
                    {lastUsedAt !== null && <Time at={lastUsedAt} />}
                  </p>
                </div>
                {recent && (
                  <form method="post" action="/sso/local/passkeys/remove">
                    {token}
                    <input type="hidden" name="id" value={id} />
                    <button class="button quiet" type="submit" aria-label={`Remove ${name}`}>
                      Remove
                    </button>
                  </form>
                )}
              </li>
            ))}
          </ul>
        )}
        {recent && !p.full && (
          <form
            method="post"
            action="/sso/local/passkeys"
            id="passkey"
            hidden
            data-options="/sso/local/passkeys/options"
          >
            {token}
            <div class="field">
              <label for="name">Name of the new passkey</label>
              <input id="name" name="name" required maxlength={p.nameCharsMax} aria-describedby="name-hint" />
              <p class="hint" id="name-hint">
                By which you will know it again, such as “Work laptop”.
              </p>
            </div>
            <p class="actions">
              <button class="button" type="submit">
                Add a passkey
              </button>
            </p>
          </form>
        )}
        {recent && !p.full && (
          <Says>To add one, this page needs a browser that knows passkeys, with scripts turned on.</Says>
        )}
        {!recent && <p>You signed in a while ago. Sign in again to add or remove a passkey.</p>}
        <p class="actions">
          {!recent && <ActionLink href={p.signInUrl}>Sign in again</ActionLink>}
          <ActionLink href={p.home} quiet>
            Continue
          </ActionLink>
        </p>
      </>
    ),
  });
}
