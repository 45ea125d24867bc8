/** One gateway and one SimpleSAMLphp for all tests of the two, and what the people do between them. */
import { afterAll, beforeAll, expect } from "vitest";
import { Browser, type Page } from "../support-browser.ts";
import { type Arrived, type Company, type Gateway, startInteropGateway } from "../support-gateway.ts";
import {
  arrivedAt,
  deliver,
  formWith,
  responseXml,
  type SessionView,
  sessionOf,
  toIdentityProvider,
} from "../support-journey.ts";
import { type ServiceProviderOptions, type SimpleSamlPhp, startSimpleSamlPhp } from "./server.ts";

/** The people of simplesamlphp/config/authsources.php. */
const PASSWORDS = { bsimon: "correct horse", zoe: "battery staple", nomail: "no address" } as const;
export type Person = keyof typeof PASSWORDS;

export interface SignedIn {
  readonly browser: Browser;
  /** SimpleSAMLphp's page that carries the answer. */
  readonly answer: Page;
  readonly xml: string;
  /** What the origin saw. */
  readonly arrived: Arrived;
  readonly session: SessionView;
}

export interface Interop {
  readonly gateway: Gateway;
  readonly idp: SimpleSamlPhp;
  /** A company of the test's own with SimpleSAMLphp as its identity provider, and SimpleSAMLphp told of it by our metadata. */
  connect(settings?: Readonly<Record<string, unknown>>, options?: ServiceProviderOptions): Promise<Company>;
  /** Fills in SimpleSAMLphp's page. */
  logIn(browser: Browser, page: Page, person: Person, password?: string): Promise<Page>;
  /** From the company's link to SimpleSAMLphp's answer, which the browser then holds in a form. */
  answerFor(browser: Browser, company: Company, person?: Person): Promise<Page>;
  /** All the way, in a new browser. */
  signIn(company: Company, person?: Person): Promise<SignedIn>;
}

/** Starts both before the tests of the file and ends both after them. Whatever was sent, the gateway must not have failed. */
function useSimpleSamlPhp(): Interop {
  let gateway: Gateway;
  let idp: SimpleSamlPhp;
  let companies = 0;

  beforeAll(async () => {
    gateway = await startInteropGateway();
    idp = await startSimpleSamlPhp(gateway.folder);
  });
  afterAll(async () => {
    await idp?.stop();
    await gateway?.stop();
    expect(gateway?.faults).toEqual([]);
  });

  const interop: Interop = {
    get gateway() {
      return gateway;
    },
    get idp() {
      return idp;
    },
    async connect(settings = {}, options = {}) {
      const company = await gateway.company(`ssp${++companies}`, await idp.metadata(), settings);
      await idp.trust(await company.metadata(), options);
      return company;
    },
    logIn(browser, page, person, password = PASSWORDS[person]) {
      const form = formWith(page, "username");
      expect(form.action.startsWith(idp.url)).toBe(true);
      return browser.submit(form, { username: person, password });
    },
    async answerFor(browser, company, person = "bsimon") {
      return interop.logIn(browser, await toIdentityProvider(browser, company), person);
    },
    async signIn(company, person = "bsimon") {
      const browser = new Browser();
      const answer = await interop.answerFor(browser, company, person);
      const arrived = arrivedAt(await deliver(browser, answer));
      const session = await sessionOf(browser, company);
      if (session === null) throw new Error("signed in, and yet without a session");
      return { browser, answer, xml: responseXml(answer), arrived, session };
    },
  };
  return interop;
}

export const ssp = useSimpleSamlPhp();
