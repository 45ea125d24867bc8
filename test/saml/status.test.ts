import { describe, expect, it } from "vitest";
import {
  isSuccess,
  readStatus,
  STATUS_CODES_MAX,
  STATUS_MESSAGE_CHARS_MAX,
  statusText,
} from "../../src/saml/status.ts";
import { NS, STATUS_SUCCESS } from "../../src/saml/terms.ts";
import { readXml } from "../../src/saml/xml.ts";

const RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder";
const DENIED = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied";

function status(content: string) {
  const xml = `<p:Response xmlns:p="${NS.samlp}" xmlns:s="${NS.saml}">${content}</p:Response>`;
  const document = readXml(new TextEncoder().encode(xml));
  if (!document.ok) throw new Error(JSON.stringify(document.refusal));
  return readStatus(document.value.root);
}
const code = (value: string, inside = "") => `<p:StatusCode Value="${value}">${inside}</p:StatusCode>`;

describe("a Status", () => {
  it("gives the codes from the outermost in, and the message", () => {
    const message = "AADSTS50105: The signed in user is not assigned. Trace ID: 1 Timestamp: 2026-11-20 09:00:00Z";
    const read = status(
      `<p:Status>${code(RESPONDER, code(DENIED))}<p:StatusMessage>\n${message} </p:StatusMessage></p:Status>`,
    );
    expect(read).toEqual({ codes: [RESPONDER, DENIED], message });
    expect(read && statusText(read)).toBe(`${RESPONDER} | ${DENIED} | ${message}`);
  });

  it("is a success by its top-level code alone, exactly spelled", () => {
    const outcome = (content: string) => {
      const read = status(`<p:Status>${content}</p:Status>`);
      return read !== null && isSuccess(read);
    };
    expect(outcome(code(STATUS_SUCCESS))).toBe(true);
    expect(outcome(code(STATUS_SUCCESS, code("urn:x")))).toBe(true);
    expect(outcome(code(RESPONDER, code(STATUS_SUCCESS)))).toBe(false);
    for (const near of [
      "urn:evil:Success",
      `${STATUS_SUCCESS} `,
      ` ${STATUS_SUCCESS}`,
      "Success",
      STATUS_SUCCESS.toLowerCase(),
      "",
    ]) {
      expect(outcome(code(near))).toBe(false);
    }
  });

  it("is none without exactly one Status, one StatusCode and its Value", () => {
    const one = `<p:Status>${code(STATUS_SUCCESS)}</p:Status>`;
    for (const content of [
      "",
      one + one,
      "<p:Status/>",
      `<p:Status>${code(STATUS_SUCCESS)}${code(RESPONDER)}</p:Status>`,
      "<p:Status><p:StatusCode/></p:Status>",
      `<p:Status><p:StatusCode xmlns:x="urn:x" x:Value="${STATUS_SUCCESS}"/></p:Status>`,
      `<s:Status>${code(STATUS_SUCCESS)}</s:Status>`,
      `<p:Status><s:StatusCode Value="${STATUS_SUCCESS}"/></p:Status>`,
      `<p:Extensions>${one}</p:Extensions>`,
    ]) {
      expect(status(content)).toBeNull();
    }
  });

  it("keeps a hostile one within bounds", () => {
    const deep = Array.from({ length: 30 }).reduce<string>((inside) => code(RESPONDER, inside), "");
    expect(status(`<p:Status>${deep}</p:Status>`)?.codes).toHaveLength(STATUS_CODES_MAX);
    const long = `<p:Status>${code(RESPONDER)}<p:StatusMessage>${"x".repeat(10_000)}</p:StatusMessage></p:Status>`;
    expect(status(long)?.message).toHaveLength(STATUS_MESSAGE_CHARS_MAX);
  });
});
