/** People of SimpleSAMLphp (Debian's package, configured from our published metadata) sign in at the gateway, end to end over HTTP. */
import { describe, expect, it } from "vitest";
import { BINDING, NAME_ID_FORMAT } from "../../../src/saml/index.ts";
import { Browser } from "../support-browser.ts";
import {
  arrivedAt,
  DEEP_LINK,
  deliver,
  expectRefused,
  responseXml,
  sessionOf,
  textOf,
  toIdentityProvider,
} from "../support-journey.ts";
import { ssp } from "./people.ts";

const LOGIN_PAGE = "Enter your username and password";
/** Where a browser with a session starts another sign-in. */
const SIGN_IN_AGAIN = `/sso/login?return_to=${encodeURIComponent(DEEP_LINK)}`;

describe("metadata", () => {
  it("SimpleSAMLphp's parser reads in ours where answers go, what is signed and which keys there are", async () => {
    const company = await ssp.connect({ signAuthnRequests: true, wantEncryptedAssertions: true });
    expect(await ssp.idp.trust(await company.metadata())).toMatchObject({
      entityid: `${company.url}/sso/metadata`,
      AssertionConsumerService: [{ Binding: BINDING.post, Location: `${company.url}/sso/acs`, isDefault: true }],
      SingleLogoutService: [
        { Binding: BINDING.redirect, Location: `${company.url}/sso/slo` },
        { Binding: BINDING.post, Location: `${company.url}/sso/slo` },
      ],
      NameIDFormat: NAME_ID_FORMAT.emailAddress,
      "validate.authnrequest": true,
      "saml20.sign.assertion": true,
      keys: [
        { signing: true, encryption: false },
        { signing: false, encryption: true },
      ],
    });
  });

  it("SimpleSAMLphp's is understood here, by document and by address, with the same outcome", async () => {
    const company = await ssp.connect();
    const byDocument = await company.settings();
    expect(byDocument).toMatchObject({
      idpEntityId: ssp.idp.entityId,
      loginUrl: `${ssp.idp.url}saml2/idp/SSOService.php`,
      logoutUrl: `${ssp.idp.url}saml2/idp/SingleLogoutService.php`,
    });
    await company.change({ idpEntityId: "https://somebody.example/", loginUrl: "https://somebody.example/" });
    await ssp.gateway.api("POST", `/companies/${company.slug}/saml/metadata`, { url: ssp.idp.entityId });
    const { updatedAt: _, ...byAddress } = await company.settings();
    expect(byDocument).toMatchObject(byAddress);
  });
});

describe("a person signs in", () => {
  it.each(["POST", "Redirect"])("with the request sent by %s, and is at the page they asked for", async (binding) => {
    const company = await ssp.connect({ requestBinding: binding });
    const browser = new Browser();
    const asked = await toIdentityProvider(browser, company);
    expect(textOf(asked)).toContain(LOGIN_PAGE);
    const landed = await deliver(browser, await ssp.logIn(browser, asked, "bsimon"));
    expect(landed.url).toBe(company.url + DEEP_LINK);

    const session = await sessionOf(browser, company);
    const email = "b.simon@acme.example";
    expect(session).toMatchObject({
      company: { slug: company.slug },
      user: { email, firstName: "Bérengère", lastName: "Simon", group: { id: company.staff.id, title: "Staff" } },
      nameId: email,
    });
    const { path, headers, identity } = arrivedAt(landed);
    expect(path).toBe(DEEP_LINK);
    expect(headers).toMatchObject({ "x-forwarded-email": email, "x-forwarded-user": session?.user.id });
    expect(headers.cookie ?? "").not.toContain("vestibule");
    expect(identity).toMatchObject({ ok: true, claims: { sub: session?.user.id, email } });
    expect(await company.signIns()).toMatchObject([{ outcome: "success", email }]);
  });

  it("twice, and is the same user, with a session of its own each time", async () => {
    const company = await ssp.connect();
    const [first, second] = [await ssp.signIn(company), await ssp.signIn(company)];
    expect(second.session.user.id).toBe(first.session.user.id);
    const { items } = (await ssp.gateway.api("GET", `/companies/${company.slug}/sessions`)) as { items: unknown[] };
    expect(items).toHaveLength(2);
  });

  it("whose name is in other letters, and is shown so", async () => {
    const { session } = await ssp.signIn(await ssp.connect(), "zoe");
    expect(session.user).toMatchObject({ email: "zoe.okafor@acme.example", firstName: "Zoë", lastName: "岡本 😀" });
  });

  it("only after the right password: a wrong one gets SimpleSAMLphp's page and no session", async () => {
    const company = await ssp.connect();
    const browser = new Browser();
    const asked = await toIdentityProvider(browser, company);
    const again = await ssp.logIn(browser, asked, "bsimon", "wrong");
    expect(textOf(again)).toContain("Incorrect username or password");
    expect(await sessionOf(browser, company)).toBeNull();
    expect(await company.signIns()).toEqual([]);
    arrivedAt(await deliver(browser, await ssp.logIn(browser, again, "bsimon")));
  });

  it("without a password while SimpleSAMLphp remembers them, and with one where the company forces it", async () => {
    // A request by POST would come without SimpleSAMLphp's Lax cookie.
    const company = await ssp.connect({ requestBinding: "Redirect" });
    const { browser } = await ssp.signIn(company);
    const silent = await toIdentityProvider(browser, company, SIGN_IN_AGAIN);
    expect(responseXml(silent)).toContain("<saml:Assertion");
    arrivedAt(await deliver(browser, silent));

    await company.change({ forceAuthn: true });
    const asked = await toIdentityProvider(browser, company, SIGN_IN_AGAIN);
    expect(textOf(asked)).toContain(LOGIN_PAGE);
    arrivedAt(await deliver(browser, await ssp.logIn(browser, asked, "bsimon")));
  });

  it("in the authentication context that the company asks for, and not in another", async () => {
    const classes = "urn:oasis:names:tc:SAML:2.0:ac:classes:";
    const company = await ssp.connect({ requestedAuthnContext: [`${classes}Password`] });
    await ssp.signIn(company);
    await company.change({ requestedAuthnContext: [`${classes}X509`] });
    const browser = new Browser();
    const page = await deliver(browser, await ssp.answerFor(browser, company));
    await expectRefused(browser, company, page, "authn_context_mismatch");
  });

  it("from SimpleSAMLphp's own link where the company allows it, at the start page and nowhere else", async () => {
    const company = await ssp.connect();
    const spEntityId = encodeURIComponent(`${company.url}/sso/metadata`);
    const link = `${ssp.idp.url}saml2/idp/SSOService.php?spentityid=${spEntityId}&RelayState=https://evil.example/`;
    const answer = async (browser: Browser) => ssp.logIn(browser, await browser.open(link), "bsimon");
    const refused = new Browser();
    const page = await deliver(refused, await answer(refused));
    await expectRefused(refused, company, page, "in_response_to_missing");

    await company.change({ allowIdpInitiated: true });
    const allowed = new Browser();
    const landed = await deliver(allowed, await answer(allowed));
    expect(landed.url).toBe(`${company.url}/`);
    arrivedAt(landed);
  });
});

describe("name identifiers and attributes", () => {
  it("a persistent identifier names the same user again, with its qualifiers", async () => {
    const company = await ssp.connect({ nameIdFormat: NAME_ID_FORMAT.persistent });
    const [first, second] = [await ssp.signIn(company), await ssp.signIn(company)];
    expect(first.xml).toMatch(/NameQualifier="[^"]+" SPNameQualifier="[^"]+" Format="[^"]*:persistent"/);
    expect(first.session.nameId).toMatch(/^[0-9a-f]{40}$/);
    expect(second.session).toMatchObject({ nameId: first.session.nameId, user: { id: first.session.user.id } });
  });

  it("a transient identifier is another each time, and the user is known by their address", async () => {
    const company = await ssp.connect({ nameIdFormat: NAME_ID_FORMAT.transient });
    const [first, second] = [await ssp.signIn(company), await ssp.signIn(company)];
    expect(first.xml).toContain(`Format="${NAME_ID_FORMAT.transient}"`);
    expect(second.session.nameId).not.toBe(first.session.nameId);
    expect(second.session.user.id).toBe(first.session.user.id);
  });

  it("an unspecified format gets what SimpleSAMLphp makes of it", async () => {
    const { xml, session } = await ssp.signIn(await ssp.connect({ nameIdFormat: NAME_ID_FORMAT.unspecified }));
    expect(xml).toContain(`Format="${NAME_ID_FORMAT.unspecified}"`);
    expect(session.user.email).toBe("b.simon@acme.example");
  });

  it("attributes under their OIDs are understood", async () => {
    const company = await ssp.connect(
      { nameIdFormat: NAME_ID_FORMAT.transient },
      {
        authproc: { 50: { class: "core:AttributeMap", 0: "name2oid" } },
        "attributes.NameFormat": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
      },
    );
    const { xml, session } = await ssp.signIn(company, "zoe");
    expect(xml).toContain('Name="urn:oid:0.9.2342.19200300.100.1.3"');
    expect(session.user).toMatchObject({ email: "zoe.okafor@acme.example", firstName: "Zoë", lastName: "岡本 😀" });
  });

  it("attributes of the company's own choice name the person, the key and the group", async () => {
    const company = await ssp.connect({ nameIdFormat: NAME_ID_FORMAT.transient });
    const admins = (await ssp.gateway.api("POST", `/companies/${company.slug}/groups`, {
      title: "Administrators",
      type: "administrator",
      ssoOnly: true,
    })) as { id: string };
    await company.change({
      attributeMapping: { email: "mail", firstName: "displayName", lastName: "uid", userKey: "uid" },
      groupMapping: [{ claim: "eduPersonAffiliation", value: "admins", groupId: admins.id }],
    });
    const zoe = await ssp.signIn(company, "zoe");
    expect(zoe.session.user).toMatchObject({
      firstName: "line one line two tab",
      lastName: "zoe",
      group: { id: admins.id, type: "administrator" },
    });
    const bsimon = await ssp.signIn(company, "bsimon");
    const firstName = 'Bérengère "B." Simon & Söhne <Paris>';
    expect(bsimon.session.user).toMatchObject({ firstName, group: { id: company.staff.id } });
    expect(JSON.stringify(bsimon.arrived.identity)).toContain("Söhne <Paris>");
  });

  it("a person without an address is refused, and the administrator reads which claims came", async () => {
    const company = await ssp.connect({ nameIdFormat: NAME_ID_FORMAT.persistent });
    const browser = new Browser();
    const page = await deliver(browser, await ssp.answerFor(browser, company, "nomail"));
    await expectRefused(browser, company, page, "email_missing");
    const [record] = await company.signIns();
    expect(record?.checks.find(({ ok }) => !ok)?.received).toContain("givenName");
  });
});

describe("signed requests", () => {
  const STRICT = { "validate.authnrequest": true };

  it.each(["POST", "Redirect"])(
    "by %s, SimpleSAMLphp validates ours with our published certificate",
    async (binding) => {
      await ssp.signIn(await ssp.connect({ requestBinding: binding, signAuthnRequests: true }, STRICT));
    },
  );

  it.each(["POST", "Redirect"])("by %s, and it does look: it turns away an unsigned one", async (binding) => {
    const company = await ssp.connect({ requestBinding: binding, signAuthnRequests: true }, STRICT);
    await company.change({ signAuthnRequests: false });
    const page = await toIdentityProvider(new Browser(), company);
    expect(textOf(page)).toContain("no signature found on message");
  });

  it.each(["POST", "Redirect"])("by %s, and it turns away one that another company's key signed", async (binding) => {
    const key = /<ds:X509Certificate>[^<]*/;
    const [foreign = ""] = key.exec(await (await ssp.connect({ signAuthnRequests: true })).metadata()) ?? [];
    const company = await ssp.connect({ requestBinding: binding, signAuthnRequests: true });
    await ssp.idp.trust((await company.metadata()).replace(key, foreign), STRICT);
    const page = await toIdentityProvider(new Browser(), company);
    expect(textOf(page)).toMatch(/Unable to validate [Ss]ignature/);
  });
});
