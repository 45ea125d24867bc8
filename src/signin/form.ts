/**
 * What a browser posts to the AssertionConsumerService: exactly one SAMLResponse, from the body only. SAML Bindings 3.5.
 * Nothing that is given twice or elsewhere is chosen from: it is refused.
 */
import { type FormProblem, readForm } from "../form.ts";
import { RELAY_STATE_BYTES_MAX, SAML_MESSAGE_BASE64_CHARS_MAX } from "../saml/index.ts";

/** A quarter of base64's letters may be percent-encoded, three characters for one; a little room for the other fields. */
const FORM_BYTES_MAX = SAML_MESSAGE_BASE64_CHARS_MAX * 1.5 + 4096;
/** Ours is 53; some providers send their own, and what it says is not used. */
const RELAY_STATE_BYTES_TAKEN = 4 * RELAY_STATE_BYTES_MAX;
const NAMES_CHARS_SHOWN = 100;

export type FormRefusal =
  | FormProblem
  | { readonly code: "message_missing"; readonly expected: string; readonly received: string };

/** The one SAMLResponse of an answer that came by POST. RelayState is checked for its shape only: anybody can write one. */
export async function readSamlResponseForm(
  request: Request,
): Promise<{ ok: true; samlResponse: string; relayState: string } | { ok: false; refusal: FormRefusal }> {
  const query = new URL(request.url).searchParams;
  for (const name of ["SAMLResponse", "SAMLRequest", "RelayState"]) {
    if (query.has(name)) return refuse("form_invalid", "fields in the body only", `${name} in the query`);
  }
  const form = await readForm(request, FORM_BYTES_MAX);
  if (!form.ok) return form;
  const { fields } = form;
  for (const name of ["SAMLResponse", "RelayState"]) {
    const count = fields.getAll(name).length;
    if (count > 1) return refuse("form_invalid", `one ${name}`, `${count}`);
  }
  if (fields.has("SAMLRequest")) return refuse("form_invalid", "a SAMLResponse", "a SAMLRequest");
  const relayState = fields.get("RelayState") ?? "";
  const bytes = new TextEncoder().encode(relayState).length;
  if (bytes > RELAY_STATE_BYTES_TAKEN) {
    return refuse("form_invalid", `RelayState of at most ${RELAY_STATE_BYTES_TAKEN} bytes`, `${bytes} bytes`);
  }
  const samlResponse = fields.get("SAMLResponse") ?? "";
  if (samlResponse !== "") return { ok: true, samlResponse, relayState };
  const names = [...new Set(fields.keys())].join(", ").slice(0, NAMES_CHARS_SHOWN);
  return refuse("message_missing", "SAMLResponse", names || "no fields");
}

function refuse(code: FormRefusal["code"], expected: string, received: string) {
  return { ok: false, refusal: { code, expected, received } } as const;
}
