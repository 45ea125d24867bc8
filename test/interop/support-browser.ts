/**
 * A browser for the tests, as far as sign-in needs one: cookies by host with their SameSite rules, redirects, forms that a script or a
 * button would send. No script runs in it, so every page must work without.
 */
import { fetchLocal } from "../../demo/local-http.ts";

const REDIRECTS_MAX = 15;

interface Cookie {
  readonly value: string;
  readonly path: string;
  readonly sameSite: "Strict" | "Lax" | "None";
}

export interface Form {
  readonly action: string;
  readonly method: "GET" | "POST";
  readonly fields: Readonly<Record<string, string>>;
}

/** Where a navigation ended. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly forms: readonly Form[];
  /** Every address on the way, the last one included. */
  readonly visited: readonly string[];
}

interface Navigation {
  readonly method: "GET" | "POST";
  readonly fields?: Readonly<Record<string, string>>;
  /** The site that a person clicked on; null for an address typed in. */
  readonly initiator: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Browser {
  readonly #cookies = new Map<string, Map<string, Cookie>>();
  #current: string | null = null;

  /** Types an address. */
  open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Page> {
    return this.#navigate(url, { method: "GET", initiator: null, headers });
  }

  /** Follows a link on the page that is open. */
  click(url: string): Promise<Page> {
    return this.#navigate(url, { method: "GET", initiator: this.#site() });
  }

  /** Sends a form of the page that is open, with some fields filled in. */
  submit(form: Form, filled: Readonly<Record<string, string>> = {}): Promise<Page> {
    const fields = { ...form.fields, ...filled };
    if (form.method === "POST") {
      return this.#navigate(form.action, { method: "POST", fields, initiator: this.#site() });
    }
    const url = new URL(form.action);
    url.search = new URLSearchParams(fields).toString();
    return this.#navigate(url.href, { method: "GET", initiator: this.#site() });
  }

  /** Looks at an address in another tab: the page that is open stays open. */
  async peek(url: string): Promise<Page> {
    const open = this.#current;
    const page = await this.#navigate(url, { method: "GET", initiator: null });
    this.#current = open;
    return page;
  }

  #site(): string | null {
    return this.#current === null ? null : siteOf(this.#current);
  }

  async #navigate(start: string, how: Navigation): Promise<Page> {
    let url = start;
    const { initiator, headers = {} } = how;
    let { method, fields } = how;
    const visited: string[] = [];
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      visited.push(url);
      const response = await this.#request(url, { method, initiator, headers, ...(fields ? { fields } : {}) });
      const location = response.headers.get("location");
      if (location === null || response.status < 300 || response.status > 399) {
        const text = await response.text();
        this.#current = url;
        return { url, status: response.status, headers: response.headers, text, forms: formsOf(text, url), visited };
      }
      // RFC 9110, 15.4: 307 and 308 keep the method, browsers turn the others' POST into GET.
      if (response.status !== 307 && response.status !== 308) {
        method = "GET";
        fields = undefined;
      }
      url = new URL(location, url).href;
    }
    throw new Error(`more than ${REDIRECTS_MAX} redirects: ${visited.join(" -> ")}`);
  }

  async #request(url: string, how: Navigation): Promise<Response> {
    const cookies = this.#cookiesFor(url, how);
    const response = await fetchLocal(url, {
      method: how.method,
      headers: {
        accept: "text/html,application/xhtml+xml",
        "user-agent": "interop-browser",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
        "sec-fetch-site":
          how.initiator === null ? "none" : how.initiator === siteOf(url) ? "same-origin" : "cross-site",
        ...(cookies === "" ? {} : { cookie: cookies }),
        ...(how.fields ? { "content-type": "application/x-www-form-urlencoded" } : {}),
        ...(how.method === "POST" && how.initiator !== null ? { origin: originOf(how.initiator, this.#current) } : {}),
        ...how.headers,
      },
      ...(how.fields ? { body: new URLSearchParams(how.fields).toString() } : {}),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(url, line);
    return response;
  }

  /** RFC 6265bis, 5.6.7: what comes from another site carries no Strict cookie, and a POST from there no Lax one. */
  #cookiesFor(url: string, how: Navigation): string {
    const { hostname, pathname } = new URL(url);
    const crossSite = how.initiator !== null && how.initiator !== siteOf(url);
    return [...(this.#cookies.get(hostname) ?? [])]
      .filter(([, { path }]) => pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`))
      .filter(([, { sameSite }]) => !crossSite || sameSite === "None" || (sameSite === "Lax" && how.method === "GET"))
      .map(([name, { value }]) => `${name}=${value}`)
      .join("; ");
  }

  #keep(url: string, line: string): void {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const name = pair.slice(0, pair.indexOf("="));
    const told = new Map(attributes.map((text) => [text.split("=")[0]?.toLowerCase(), text.split("=")[1] ?? ""]));
    const sameSite = (["Strict", "None"] as const).find((one) => one === told.get("samesite")) ?? "Lax";
    if (name.startsWith("__Host-") && (!told.has("secure") || told.get("path") !== "/" || told.has("domain"))) return;
    if (sameSite === "None" && !told.has("secure")) return;
    const { hostname } = new URL(url);
    const jar = this.#cookies.get(hostname) ?? new Map<string, Cookie>();
    this.#cookies.set(hostname, jar);
    const expires = told.get("expires");
    const ended = told.get("max-age") === "0" || (expires !== undefined && Date.parse(expires) < Date.now());
    if (ended) jar.delete(name);
    else jar.set(name, { value: pair.slice(pair.indexOf("=") + 1), path: told.get("path") || "/", sameSite });
  }
}

/** Every `<name>.localhost` is a site of its own, and so is 127.0.0.1. Ports do not count. */
function siteOf(url: string): string {
  return new URL(url).hostname;
}

function originOf(initiator: string, current: string | null): string {
  return current === null ? `http://${initiator}` : new URL(current).origin;
}

function formsOf(html: string, base: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, attributes = "", inside = ""]) => {
    const inputs = [...inside.matchAll(/<(?:input|button)\b([^>]*)>/gi)].map(([, text = ""]) => attributesOf(text));
    const named = inputs.filter((input) => input.name && input.type !== "submit" && input.type !== "checkbox");
    const form = attributesOf(attributes);
    return {
      // What stands in the attribute "?" means the page's own address without its query.
      action: new URL(form.action || base, base).href,
      method: form.method?.toUpperCase() === "POST" ? "POST" : "GET",
      fields: Object.fromEntries(named.map((input) => [input.name, input.value ?? ""])),
    };
  });
}

function attributesOf(text: string): Record<string, string> {
  const found = text.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return Object.fromEntries([...found].map(([, name = "", a, b]) => [name.toLowerCase(), unescapeHtml(a ?? b ?? "")]));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** The text of an attribute or of what is between tags. */
export function unescapeHtml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? whole;
  });
}
