/** The visitor's pages: what they say, which headers they carry, and that no text from outside becomes anything but text. */
import { describe, expect, it } from "vitest";
import {
  continuePage,
  notConfiguredPage,
  originUnavailablePage,
  postBindingPage,
  refusalPage,
  signedOutPage,
  suspendedCompanyPage,
  unavailablePage,
  unknownCompanyPage,
} from "../../src/pages/index.ts";

const HOSTILE = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `'><svg/onload=alert(1)>`,
  `</title><script>alert(1)</script>`,
  `</style><script>alert(1)</script>`,
  `--><script>alert(1)</script>`,
  `\${alert(1)} {{alert(1)}} &lt;script&gt;`,
];

const PLAIN = {
  post: {
    action: "https://login.example/saml2?a=1&b=2",
    samlRequest: "PHNhbWw+",
    relayState: "state",
    company: { name: "Acme" },
    fragmentCookieName: "vestibule-fragment-1",
  },
  refusal: {
    status: 403,
    title: "You were not signed in",
    sentence: "The identity provider said no.",
    advice: "Try again.",
    reference: "ABCDE-FGHJK",
    home: null,
    retry: "/sso/login?return_to=%2F",
  },
};

/** Every page, with one text in every place that takes text from outside. */
const PAGES: Record<string, (text: string) => Response> = {
  "post binding": (text) =>
    postBindingPage({ ...PLAIN.post, company: { name: text }, relayState: text, samlRequest: text, action: text }),
  continue: (text) => continuePage({ email: text, company: { name: text }, token: text, action: "/sso/continue" }),
  "signed out": (text) => signedOutPage({ company: { name: text }, signInUrl: text }),
  refusal: (text) =>
    refusalPage({
      status: 403,
      title: text,
      sentence: text,
      advice: text,
      reference: text,
      home: text,
      retry: text,
      refreshTo: text,
      company: { name: text },
    }),
  "unknown company": (text) => unknownCompanyPage(text),
  "suspended company": (text) => suspendedCompanyPage({ name: text }),
  "not configured": (text) => notConfiguredPage({ name: text }, text),
  "origin down": (text) => originUnavailablePage({ kind: "down", reference: text }),
  "origin slow": (text) => originUnavailablePage({ kind: "slow", reference: text }),
  unavailable: (text) => unavailablePage(text),
};

const NAMES = Object.keys(PAGES);
const render = (name: string, text = "text") => (PAGES[name] as (text: string) => Response)(text);

/** The tags of a document, by the runtime's own HTML parser. */
async function tagsOf(response: Response): Promise<{ name: string; attributes: [string, string][] }[]> {
  const tags: { name: string; attributes: [string, string][] }[] = [];
  const rewritten = new HTMLRewriter()
    .on("*", {
      element(element) {
        tags.push({ name: element.tagName, attributes: [...element.attributes] as unknown as [string, string][] });
      },
    })
    .transform(response);
  await rewritten.text();
  return tags;
}

function policyOf(response: Response): Map<string, string> {
  const policy = response.headers.get("content-security-policy") ?? "";
  return new Map(policy.split("; ").map((part) => [part.split(" ")[0] ?? "", part.slice(part.indexOf(" ") + 1)]));
}

describe("text from outside", () => {
  it.for(NAMES)("adds no element and no attribute to the page: %s", async (name) => {
    // Addresses that are none are left out whole, so the honest text to compare with is no address either.
    const honest = await tagsOf(render(name, "no address"));
    const shape = (tags: typeof honest) =>
      tags.map((tag) => [tag.name, tag.attributes.map(([attribute]) => attribute)]);
    for (const text of HOSTILE) {
      const tags = await tagsOf(render(name, text));
      expect(shape(tags), text).toEqual(shape(honest));
    }
  });

  it.for(NAMES)("makes no link out of a script address: %s", async (name) => {
    for (const address of [
      "javascript:alert(1)",
      "data:text/html,x",
      "//evil.example/",
      "/\\evil.example",
      "\tjavascript:x",
    ]) {
      for (const tag of await tagsOf(render(name, address))) {
        const links = tag.attributes.filter(([attribute]) => attribute === "href" || attribute === "content");
        for (const [, value] of links) expect(value.includes(address), `${tag.name} ${value}`).toBe(false);
      }
    }
  });

  it("is shortened where it is a host name of any length", async () => {
    const html = await unknownCompanyPage("x".repeat(100_000)).text();
    expect(html.length).toBeLessThan(20_000);
  });

  it("shows a right-to-left name without turning the words around it", async () => {
    expect(await suspendedCompanyPage({ name: "\u202Eemca" }).text()).toContain("<bdi>\u202Eemca</bdi>");
  });
});

describe("every page", () => {
  it.for(NAMES)("allows nothing by its policy but its own style, script and icon: %s", (name) => {
    const policy = policyOf(render(name));
    expect(policy.get("default-src")).toBe("'none'");
    expect(policy.get("style-src")).toMatch(/^'nonce-[A-Za-z0-9+/]{22}=='$/);
    expect(policy.get("base-uri")).toBe("'none'");
    expect(policy.get("frame-ancestors")).toBe("'none'");
    expect(policy.get("img-src")).toBe("data:");
    expect([...policy.values()].join()).not.toMatch(/unsafe|\*|https?:/);
  });

  it.for(NAMES)("has a new nonce each time, and its style and script carry it: %s", async (name) => {
    const response = render(name);
    const nonce = /'nonce-([^']+)'/.exec(response.headers.get("content-security-policy") ?? "")?.[1];
    expect(render(name).headers.get("content-security-policy")).not.toContain(nonce);
    const guarded = (await tagsOf(response)).filter((tag) => tag.name === "style" || tag.name === "script");
    expect(guarded.length).toBeGreaterThan(0);
    for (const tag of guarded) expect(tag.attributes).toContainEqual(["nonce", nonce]);
  });

  it.for(NAMES)("has no inline style or event attribute: %s", async (name) => {
    for (const { attributes } of await tagsOf(render(name))) {
      for (const [attribute] of attributes) expect(attribute).not.toMatch(/^(style|on.+)$/);
    }
  });

  it.for(NAMES)("is not stored, not sniffed, not framed and not indexed: %s", (name) => {
    const { headers } = render(name);
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("x-robots-tag")).toContain("noindex");
    // "no-referrer" would make the browser send our own forms with `Origin: null`.
    expect(headers.get("referrer-policy")).toMatch(/^(same-origin|strict-origin)$/);
  });

  it.for(NAMES)("says its language, has a title, one heading and the landmarks: %s", async (name) => {
    const tags = await tagsOf(render(name));
    const count = (wanted: string) => tags.filter((tag) => tag.name === wanted).length;
    expect(tags[0]).toEqual({ name: "html", attributes: [["lang", "en"]] });
    for (const wanted of ["title", "h1", "header", "main", "footer"]) expect(count(wanted), wanted).toBe(1);
  });
});

describe("the hand-over to the identity provider", () => {
  it("posts the message and the relay state to the provider, by a button where no script runs", async () => {
    const tags = await tagsOf(postBindingPage(PLAIN.post));
    const form = new Map(tags.find((tag) => tag.name === "form")?.attributes);
    expect(form.get("method")).toBe("post");
    expect(form.get("action")).toBe("https://login.example/saml2?a=1&amp;b=2");
    const fields = tags.filter((tag) => tag.name === "input").map((tag) => Object.fromEntries(tag.attributes));
    expect(fields).toEqual([
      { type: "hidden", name: "SAMLRequest", value: "PHNhbWw+" },
      { type: "hidden", name: "RelayState", value: "state" },
    ]);
    expect(await postBindingPage(PLAIN.post).text()).toContain("Continue to sign in</button>");
  });

  it("leaves an empty relay state out", async () => {
    const html = await postBindingPage({ ...PLAIN.post, relayState: "" }).text();
    expect(html).not.toContain("RelayState");
  });

  it("leaves form-action out, because the provider redirects and Chromium would stop it; and keeps its opener", () => {
    const response = postBindingPage(PLAIN.post);
    expect(policyOf(response).has("form-action")).toBe(false);
    expect(response.headers.has("cross-origin-opener-policy")).toBe(false);
    expect(response.headers.get("referrer-policy")).toBe("strict-origin");
  });

  it("takes no cookie name that could end the cookie's name", () => {
    expect(() => postBindingPage({ ...PLAIN.post, fragmentCookieName: "a=b; Path=/" })).toThrow();
  });

  it("has a script that is the same for everybody: no data is written into it", async () => {
    const script = async (name: string) => {
      const html = await postBindingPage({ ...PLAIN.post, company: { name }, relayState: name }).text();
      return /<script nonce="[^"]+">([\s\S]*?)<\/script>/.exec(html)?.[1];
    };
    expect(await script("Acme")).toBeTruthy();
    expect(await script("Other")).toBe(await script("Acme"));
  });
});

describe("the other pages", () => {
  it.for(NAMES.filter((name) => name !== "post binding"))("run no script at all: %s", async (name) => {
    expect(policyOf(render(name)).has("script-src")).toBe(false);
    expect((await tagsOf(render(name))).some((tag) => tag.name === "script")).toBe(false);
  });

  it("keep their forms here, but for the question that leads on to a deep link", () => {
    for (const name of NAMES) {
      const wanted = name === "post binding" || name === "continue" ? undefined : "'self'";
      expect(policyOf(render(name)).get("form-action"), name).toBe(wanted);
    }
  });

  it("show a refusal's sentence, advice and reference, and where to try again", async () => {
    const response = refusalPage(PLAIN.refusal);
    expect(response.status).toBe(403);
    const html = await response.text();
    for (const text of ["You were not signed in", "The identity provider said no.", "Try again.", "ABCDE-FGHJK"]) {
      expect(html).toContain(text);
    }
    expect(html).toContain('href="/sso/login?return_to=%2F"');
    expect(html).not.toContain("http-equiv");
  });

  it("lead a visitor who is signed in home at once, when the page says where", async () => {
    const tags = await tagsOf(refusalPage({ ...PLAIN.refusal, refreshTo: "/assets/17?view=large" }));
    const refresh = tags.find(({ attributes }) => attributes.some(([name]) => name === "http-equiv"));
    expect(refresh?.attributes).toContainEqual(["content", "0; url=/assets/17?view=large"]);
  });

  it.for(["https://evil.example/", "//evil.example/", "/\\evil.example", "/a b", "0; url=/x", "javascript:alert(1)"])(
    "refresh to no place but a path of this host: %s",
    async (refreshTo) => {
      expect(await refusalPage({ ...PLAIN.refusal, refreshTo }).text()).not.toContain("http-equiv");
    },
  );

  it("have the status that says what they are, and when to come back", () => {
    expect(unknownCompanyPage("x.example").status).toBe(404);
    expect(suspendedCompanyPage({ name: "Acme" }).status).toBe(403);
    expect(notConfiguredPage({ name: "Acme" }, "/sso/local").status).toBe(404);
    expect(originUnavailablePage({ kind: "down", reference: "R" }).status).toBe(502);
    expect(originUnavailablePage({ kind: "slow", reference: "R" }).status).toBe(504);
    expect(unavailablePage("R").status).toBe(503);
    expect(unavailablePage("R").headers.get("retry-after")).toBe("10");
    expect(signedOutPage({ company: { name: "Acme" }, signInUrl: "/" }).status).toBe(200);
  });

  it("end a sign-out without a refresh or anything else that signs in again", async () => {
    const html = await signedOutPage({ company: { name: "Acme" }, signInUrl: "/sso/login" }).text();
    expect(html).not.toMatch(/http-equiv|<script|<form|<iframe|<img/);
    expect(html).toContain('href="/sso/login"');
  });
});
