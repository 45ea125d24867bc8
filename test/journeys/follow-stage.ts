/** A fake publisher of metadata: what stands at an address is what the test put there, and it is counted who asks. */
import { vi } from "vitest";
import type { Company, Gateway } from "../support/gateway.ts";
import type { createIdentityProvider } from "../support/identity-provider.ts";

type Idp = Awaited<ReturnType<typeof createIdentityProvider>>;
type Respond = (request: Request) => Response | Promise<Response>;

export class Publisher {
  readonly asked: string[] = [];
  private readonly pages = new Map<string, Respond>();

  constructor() {
    vi.stubGlobal("fetch", async (address: string, init: RequestInit) => {
      this.asked.push(address);
      const page = this.pages.get(address);
      return page ? page(new Request(address, init)) : new Response("nothing here", { status: 404 });
    });
  }

  /** Until something else is put there. */
  put(url: string, page: string | Respond): void {
    this.pages.set(url, typeof page === "string" ? () => new Response(page) : page);
  }
}

/** The document of an identity provider with the keys of these. */
export function document(idp: Idp, keys: readonly Idp[] = [idp]): string {
  return idp.metadata({
    loginUrl: "https://idp.example/saml2",
    certificates: keys.map(({ certificate }) => certificate),
  });
}

export const addressOf = (company: Pick<Company, "slug">) => `https://idp.example/${company.slug}/metadata.xml`;

/** The calls of a company's source. */
export function sourceOf(gateway: Gateway, company: Pick<Company, "slug">) {
  const path = `/companies/${company.slug}/saml/metadata-source`;
  return {
    path,
    get: () => gateway.api("GET", path),
    put: (trust = "announce", headers: Record<string, string> = {}) =>
      gateway.api("PUT", path, { url: addressOf(company), trust }, headers),
    post: (step: string, body?: unknown) => gateway.api("POST", `${path}/${step}`, body),
    /** Fingerprints of what is pinned, in order. */
    pinned: async (): Promise<string[]> =>
      (await gateway.api("GET", `/companies/${company.slug}/saml`)).body.certificates.map(
        (one: { sha256: string }) => one.sha256,
      ),
  };
}

export async function sha256Of({ certificate }: Idp): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Buffer.from(certificate, "base64"));
  return Buffer.from(digest).toString("hex");
}
