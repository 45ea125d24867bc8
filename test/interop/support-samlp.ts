/**
 * An identity provider built on the npm package samlp, as its README shows: a page that asks who somebody is, samlp's handlers for the
 * rest. What it knows of a service provider it reads in our published metadata.
 */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DOMParser } from "@xmldom/xmldom";
import samlp, { type AuthOptions, type Participant } from "samlp";
import SessionParticipants from "samlp/lib/sessionParticipants/index.js";
import { close, serve } from "../../demo/serve.ts";
import { BINDING, NAME_ID_FORMAT, NS } from "../../src/saml/index.ts";
import { makeCertificate } from "./simplesamlphp/server.ts";
import { type ExpressRequest, expressRequest, run } from "./support-express.ts";
import { freePort } from "./support-gateway.ts";

/** Profiles in the shape of passport.js, which samlp maps to claims. */
const PEOPLE = {
  bsimon: {
    id: "b.simon@acme.example",
    displayName: "B. Simon",
    name: { givenName: "Bérengère", familyName: "Simon & <Söhne>" },
    emails: [{ value: "b.simon@acme.example" }],
    groups: ["staff", "editors"],
  },
};

/** samlp calls CBC insecure, rightly; providers of its age use nothing else. */
const WITH_CBC_TOO = { disallowEncryptionWithInsecureAlgorithm: false, warnOnInsecureEncryptionAlgorithm: false };

interface ServiceProvider {
  readonly acsUrl: string;
  readonly sloUrl: string;
  readonly signingCert: string | null;
  readonly encryptionCert: string | null;
}

export type SamlpOptions = Partial<AuthOptions> & {
  /** Answers with this status instead of signing anybody in. */
  readonly refuseWith?: { readonly code: string; readonly description?: string };
  /** Encrypts the assertion to the service provider's published key. */
  readonly encrypt?: boolean;
  /** Demands that requests are signed by the service provider's published key. */
  readonly demandSignature?: boolean;
  readonly logoutBinding?: string;
};

export interface Samlp {
  readonly url: string;
  metadata(): Promise<string>;
  trust(spMetadata: string, options?: SamlpOptions): void;
  stop(): Promise<void>;
}

/** What the provider knows: itself, who trusts it, who is signed in where. */
interface State {
  readonly credentials: { readonly issuer: string; readonly key: string; readonly cert: string };
  readonly providers: Map<string, ServiceProvider & { readonly options: SamlpOptions }>;
  readonly participants: Participant[];
}

export async function startSamlp(folder: string): Promise<Samlp> {
  await makeCertificate(join(folder, "samlp"));
  const key = await readFile(join(folder, "samlp.key"), "utf8");
  const cert = await readFile(join(folder, "samlp.crt"), "utf8");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const state: State = {
    credentials: { issuer: `urn:samlp:${port}`, key, cert },
    providers: new Map(),
    participants: [],
  };
  const { credentials, providers, participants } = state;
  const metadata = samlp.metadata({
    ...credentials,
    redirectEndpointPath: "/sso",
    postEndpointPath: "/sso",
    logoutEndpointPaths: { redirect: "/logout", post: "/logout" },
  });
  const sessions = { sessionParticipants: new SessionParticipants(participants), store: memoryStore() };
  // Anew for each message: the handler keeps notes in its options and signs the next message by them.
  const logout = () => samlp.logout({ ...credentials, ...sessions, deflate: true, protocolBinding: BINDING.redirect });
  const server = await serve(port, async (request) => {
    const req = await expressRequest(request);
    switch (new URL(request.url).pathname) {
      case "/metadata":
        return run(metadata, req);
      case "/sso":
        return signOn(state, req);
      case "/logout":
        return run(logout(), req);
      default:
        return new Response("nothing here", { status: 404 });
    }
  });
  return {
    url,
    metadata: async () => (await fetch(`${url}/metadata`)).text(),
    trust(spMetadata, options = {}) {
      const [entityId, provider] = readServiceProvider(spMetadata);
      providers.set(entityId, { ...provider, options });
      // Nobody is signed in yet: what other tests left is not this one's.
      participants.length = 0;
    },
    stop: () => close(server),
  };
}

async function signOn({ credentials, providers, participants }: State, req: ExpressRequest): Promise<Response> {
  const said = { ...req.query, ...req.body };
  const person = PEOPLE[said.person as keyof typeof PEOPLE];
  if (!person) return askWho(req.method, said);
  const request = await parsed(req);
  const provider = request && providers.get(request.issuer);
  if (!provider) return new Response(`unknown service provider ${request?.issuer}`, { status: 403 });
  const { acsUrl, sloUrl, signingCert, encryptionCert, options } = provider;
  const { refuseWith, encrypt, demandSignature, logoutBinding, ...more } = options;
  if (refuseWith) {
    const getPostURL = (_: unknown, done: (error: null, url: string) => void) => done(null, acsUrl);
    const answering = { inResponseTo: request.id, RelayState: said.RelayState ?? "", destination: acsUrl };
    return run(samlp.sendError({ ...credentials, ...answering, getPostURL, error: refuseWith }), req);
  }
  const sessionIndex = `_${randomUUID()}`;
  const nameIdFormat = NAME_ID_FORMAT.emailAddress;
  const handler = samlp.auth({
    ...credentials,
    getPostURL: (_audience, _request, _req, done) => done(null, acsUrl),
    recipient: acsUrl,
    destination: acsUrl,
    sessionIndex,
    nameIdentifierFormat: nameIdFormat,
    ...(encrypt && encryptionCert ? { ...WITH_CBC_TOO, encryptionCert, encryptionPublicKey: encryptionCert } : {}),
    ...(demandSignature ? { signingCert: signingCert ?? "none was published" } : {}),
    ...more,
  });
  const answer = await run(handler, { ...req, user: person });
  if (!answer.ok) return answer;
  participants.push({
    serviceProviderId: request.issuer,
    serviceProviderLogoutURL: sloUrl,
    nameId: person.id,
    nameIdFormat,
    sessionIndex,
    ...(signingCert ? { cert: signingCert } : {}),
    ...(logoutBinding ? { binding: logoutBinding } : {}),
  });
  return answer;
}

function parsed(req: ExpressRequest): Promise<{ readonly issuer: string; readonly id: string } | undefined> {
  return new Promise((resolve, reject) =>
    samlp.parseRequest(req, (error, request) => (error ? reject(error) : resolve(request))),
  );
}

/** Where samlp keeps a logout that is under way. */
function memoryStore() {
  const states = new Map<string, unknown>();
  type Loaded = (error: Error | null, state?: unknown) => void;
  return {
    save(_: ExpressRequest, state: unknown, done: (error: Error | null, handle: string) => void) {
      const handle = randomUUID();
      states.set(handle, state);
      done(null, handle);
    },
    load(_: ExpressRequest, handle: string, options: { destroy?: boolean } | Loaded, loaded?: Loaded) {
      const state = states.get(handle);
      if (typeof options === "function") return options(null, state);
      if (options.destroy) states.delete(handle);
      loaded?.(null, state);
    },
    update(_: ExpressRequest, handle: string, state: unknown, done: (error: Error | null) => void) {
      states.set(handle, state);
      done(null);
    },
  };
}

/** The same message again, with a field to fill in. */
function askWho(method: string, fields: Readonly<Record<string, string>>): Response {
  const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  const kept = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  );
  const form = `<form method="${method}" action="/sso">${kept.join("")}<input name="person"><button>Sign in</button></form>`;
  return new Response(`<!doctype html><title>Who are you?</title>${form}`, {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}

function readServiceProvider(xml: string): [string, ServiceProvider] {
  const document = new DOMParser().parseFromString(xml, "text/xml");
  const entityId = document.documentElement?.getAttribute("entityID") ?? "";
  const location = (name: string) =>
    document.getElementsByTagNameNS(NS.md, name).item(0)?.getAttribute("Location") ?? "";
  const certificate = (use: string) => {
    const descriptors = [...document.getElementsByTagNameNS(NS.md, "KeyDescriptor")];
    const base64 = descriptors
      .find((descriptor) => descriptor.getAttribute("use") === use)
      ?.getElementsByTagNameNS(NS.ds, "X509Certificate")
      .item(0)?.textContent;
    if (!base64) return null;
    return `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)?.join("\n")}\n-----END CERTIFICATE-----\n`;
  };
  return [
    entityId,
    {
      acsUrl: location("AssertionConsumerService"),
      sloUrl: location("SingleLogoutService"),
      signingCert: certificate("signing"),
      encryptionCert: certificate("encryption"),
    },
  ];
}
