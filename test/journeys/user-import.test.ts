/** Users as a file, over REST: what an import does, what it never does, and that an export comes back as it went out. */
import { describe, expect, it } from "vitest";
import { IMPORT_BYTES_MAX, IMPORT_ROWS_MAX } from "../../src/admin/user-import.ts";
import { BASE, startGateway } from "../support/gateway.ts";
import { withPeople } from "./rest-company.ts";

const gateway = startGateway();
const { api } = gateway;

const send = (slug: string, csv: string | Uint8Array<ArrayBuffer>, query = "", type = "text/csv") =>
  gateway
    .fetch(
      new Request(`https://admin.${BASE}/api/v1/companies/${slug}/users/import${query}`, {
        method: "POST",
        headers: { authorization: "Bearer operator-token-of-the-tests", "content-type": type },
        body: csv,
      }),
    )
    // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever JSON came
    .then(async (response) => ({ status: response.status, body: (await response.json()) as any }));
const userOf = async (slug: string, email: string) =>
  (await api("GET", `/companies/${slug}/users?email=${encodeURIComponent(email)}`)).body.items[0];
const outcomes = (body: { rows: { line: number; outcome: string }[] }) =>
  body.rows.map(({ line, outcome }) => `${line} ${outcome}`);
const auditOf = async (slug: string) => (await api("GET", `/companies/${slug}/audit?limit=200`)).body.items;

async function withAdministrators(slug: string) {
  const people = await withPeople(gateway, slug);
  const group = await api("POST", `/companies/${slug}/groups`, { title: "Administrators", type: "administrator" });
  const chief = { email: "chief@contoso.example", groupId: group.body.id };
  return { ...people, administrators: group.body, chief: (await api("POST", `/companies/${slug}/users`, chief)).body };
}

describe("an import", () => {
  it("creates, changes and leaves alone, says so line by line, and does nothing when it is repeated", async () => {
    const { slug } = await withPeople(gateway, "import");
    const csv = [
      "\uFEFFEmail,firstname,lastName,Company,GROUP",
      'New@Contoso.example,"Zoë ""Z""",O\'Neil,"Contoso, Ltd.",Members',
      "b.simon@contoso.example,Britta,Svensson,,Members",
      "",
      "third@contoso.example,,,,Members",
      "",
    ].join("\r\n");
    const before = await auditOf(slug);
    const dry = await send(slug, csv, "?dryRun=true");
    expect(dry.status).toBe(200);
    expect(dry.body).toMatchObject({ dryRun: true, created: 2, updated: 1, unchanged: 0, refused: 0 });
    expect(await auditOf(slug)).toEqual(before);

    const done = await send(slug, csv);
    expect(outcomes(done.body)).toEqual(["2 created", "3 updated", "5 created"]);
    expect({ ...done.body, dryRun: true }).toEqual(dry.body);
    expect(done.body.rows[1].changes).toEqual([{ field: "lastName", before: "Simon", after: "Svensson" }]);
    expect(await userOf(slug, "new@contoso.example")).toMatchObject({
      email: "new@contoso.example",
      firstName: 'Zoë "Z"',
      lastName: "O'Neil",
      company: "Contoso, Ltd.",
      status: "active",
    });
    const records = (await auditOf(slug)).slice(0, 3);
    expect(new Set(records.map(({ action }: { action: string }) => action))).toEqual(new Set(["create", "update"]));
    for (const { actor, resource, after } of records) {
      expect([actor, resource, typeof after.email]).toEqual(["operator", "user", "string"]);
    }
    const again = await send(slug, csv);
    expect(again.body).toMatchObject({ created: 0, updated: 0, unchanged: 3, refused: 0 });
    expect((await auditOf(slug)).slice(0, 3)).toEqual(records);
  });

  it.each([
    ["semicolons", ";"],
    ["tabs", "\t"],
  ])("reads what a spreadsheet parts by %s", async (what, separator) => {
    const { slug } = await withPeople(gateway, what);
    const rows = [
      ["email", "firstName", "company", "group"],
      ["one@x.example", "=1+1", "Contoso, Ltd.", "Members"],
      ["two@x.example", `"A${separator}B"`, '"two\nlines ""quoted"""', "Members"],
    ];
    const { body } = await send(slug, rows.map((row) => row.join(separator)).join("\r\n"));
    expect(outcomes(body)).toEqual(["2 created", "3 refused"]);
    expect(await userOf(slug, "one@x.example")).toMatchObject({ firstName: "=1+1", company: "Contoso, Ltd." });
  });

  it("refuses the rows that are wrong, each with its line and reason, and does the others", async () => {
    const { slug } = await withPeople(gateway, "rows");
    const csv = [
      "email,group,status,firstName",
      "good@x.example,Members,active,A",
      "not an address,Members,active,A",
      "nogroup@x.example,,active,A",
      "wronggroup@x.example,Nobody,active,A",
      "GOOD@x.example,Members,active,B",
      "short@x.example,Members",
      "status@x.example,Members,maybe,A",
      '"line@x.example","Members","active","two',
      'lines"',
      "last@x.example,Members,disabled,=1+1",
    ].join("\n");
    const { body } = await send(slug, csv);
    expect(outcomes(body)).toEqual([
      "2 created",
      "3 refused",
      "4 refused",
      "5 refused",
      "6 refused",
      "7 refused",
      "8 refused",
      "9 refused",
      "11 created",
    ]);
    const reasons = body.rows.map(({ reason }: { reason: string | null }) => reason);
    expect(reasons.slice(1, 8)).toEqual([
      "email: Must be one plain e-mail address",
      "A new user needs a group",
      "There is no such group",
      "This address stands in line 2 already",
      "Has 2 fields where the first row has 4",
      expect.stringContaining("status: "),
      "firstName: Must not contain control or invisible characters",
    ]);
    expect(await userOf(slug, "good@x.example")).toMatchObject({ firstName: "A" });
    expect(await userOf(slug, "last@x.example")).toMatchObject({ firstName: "=1+1", status: "disabled" });
  });

  it("leaves what no column names, and never revives a disabled user unless the status says active", async () => {
    const { slug, user } = await withPeople(gateway, "revive");
    await api("PATCH", `/companies/${slug}/users/${user.id}`, { status: "disabled" });
    await send(slug, `email,lastName,status\n${user.email},Simons,`);
    expect(await userOf(slug, user.email)).toMatchObject({
      firstName: "Britta",
      lastName: "Simons",
      status: "disabled",
    });
    await send(slug, `email,status\n${user.email},Active`);
    expect(await userOf(slug, user.email)).toMatchObject({ lastName: "Simons", status: "active" });
  });

  it("that disables a user ends their sessions", async () => {
    const { slug, user } = await withPeople(gateway, "ends");
    expect((await api("GET", `/companies/${slug}/sessions`)).body.items).toHaveLength(1);
    await send(slug, `email,status\n${user.email},disabled`);
    expect((await api("GET", `/companies/${slug}/sessions`)).body.items).toEqual([]);
  });

  it("makes, moves and disables no administrator unless that was chosen", async () => {
    const { slug, user } = await withAdministrators("admins");
    const rows = [
      `${user.email},Administrators,active`,
      "chief@contoso.example,Members,active",
      "chief2@contoso.example,Administrators,active",
    ];
    for (const row of [...rows, "chief@contoso.example,Administrators,disabled"]) {
      const { body } = await send(slug, `email,group,status\n${row}`);
      expect([row, body.rows[0].outcome]).toEqual([row, "refused"]);
      expect(body.rows[0].reason).toContain("administrator");
    }
    const { body } = await send(slug, ["email,group,status", ...rows].join("\n"), "?allowAdministrators=true");
    expect(outcomes(body)).toEqual(["2 updated", "3 updated", "4 created"]);
  });

  it("takes a group by id, and none by a title that two have", async () => {
    const { slug, group } = await withPeople(gateway, "titles");
    await api("POST", `/companies/${slug}/groups`, { title: "Members" });
    const { body } = await send(slug, `email,group\na@x.example,Members\nb@x.example,${group.id}`);
    expect(outcomes(body)).toEqual(["2 refused", "3 created"]);
    expect((await userOf(slug, "b@x.example")).groupId).toBe(group.id);
  });

  it("knows no group and no user of another company", async () => {
    const { slug } = await withPeople(gateway, "mine");
    const other = await withPeople(gateway, "theirs");
    const { body } = await send(slug, `email,group\nspy@x.example,${other.group.id}`);
    expect(body.rows[0]).toMatchObject({ outcome: "refused", reason: "There is no such group" });
    const token = await api("POST", `/companies/${slug}/tokens`, { name: "t" });
    for (const [method, path] of [
      ["POST", "/users/import"],
      ["GET", "/users/export"],
    ] as const) {
      const answer = await gateway.fetch(
        new Request(`https://admin.${BASE}/api/v1/companies/${other.slug}${path}`, {
          method,
          headers: { authorization: `Bearer ${token.body.secret}`, "content-type": "text/csv" },
          ...(method === "POST" ? { body: "email\nx@x.example" } : {}),
        }),
      );
      expect(answer.status).toBe(403);
    }
  });

  it("is done once where two import the same file at the same moment", async () => {
    const { slug } = await withPeople(gateway, "race");
    const csv = ["email,group", ...Array.from({ length: 40 }, (_, n) => `p${n}@x.example,Members`)].join("\n");
    const answers = await Promise.all([send(slug, csv), send(slug, csv), send(slug, csv)]);
    const sum = (name: string) => answers.reduce((total, { body }) => total + body[name], 0);
    expect([sum("created"), sum("unchanged"), sum("refused")]).toEqual([40, 80, 0]);
    expect((await auditOf(slug)).filter(({ resource }: { resource: string }) => resource === "user")).toHaveLength(41);
  });

  it("takes 2,000 users in a few round trips, and no more", async () => {
    const { slug } = await withPeople(gateway, "large");
    const lines = (count: number) =>
      ["email,firstName,group", ...Array.from({ length: count }, (_, n) => `p${n}@x.example,Person ${n},Members`)].join(
        "\n",
      );
    gateway.roundTrips();
    const { body } = await send(slug, lines(IMPORT_ROWS_MAX));
    expect([body.created, body.refused]).toEqual([IMPORT_ROWS_MAX, 0]);
    // With the sealing of 2,000 records into the audit after the answer.
    expect(gateway.roundTrips()).toBeLessThanOrEqual(40);
    const more = await send(slug, lines(IMPORT_ROWS_MAX + 1));
    expect([more.status, more.body.errors[0].message]).toEqual([422, expect.stringContaining("at most 2000 users")]);
  });
});

describe("a file that can't be read", () => {
  let files = 0;
  const faults: [string, string | Uint8Array<ArrayBuffer>, number, string][] = [
    ["is empty", "", 422, "must name the columns"],
    ["has an unknown column", "email,role\na@x.example,x", 422, "There is no column “role”"],
    ["has no e-mail column", "firstName\nA", 422, "must name the columns"],
    ["names a column twice", "email,Email\na@x.example,b@x.example", 422, "stands twice"],
    ["leaves a quotation mark open", 'email,group\n"a@x.example,Members\n', 422, "quotation mark"],
    ["has text behind a quotation mark", 'email,group\n"a@x.example"x,Members', 422, "quotation mark"],
    ["has a quotation mark inside a field", 'email,group\na"b@x.example,Members', 422, "quotation mark"],
    ["is not UTF-8", new Uint8Array([0x65, 0x6d, 0xff]), 400, "UTF-8"],
    ["is UTF-16", new Uint8Array([0xff, 0xfe, 0x65, 0x00]), 400, "UTF-8"],
    ["is too large", "x".repeat(IMPORT_BYTES_MAX + 1), 413, "larger"],
  ];
  it.for(faults)("because it %s is refused whole", async ([, csv, status, message]) => {
    const { slug } = await withPeople(gateway, `file-${++files}`);
    const before = await auditOf(slug);
    const answer = await send(slug, csv);
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([status, expect.stringContaining(message)]);
    expect(await auditOf(slug)).toEqual(before);
  });

  it("or is of another type, or asked for in other words, is refused", async () => {
    const { slug } = await withPeople(gateway, "types");
    expect((await send(slug, "email\na@x.example", "", "application/json")).status).toBe(415);
    for (const query of ["?dryRun=yes", "?dryRun=true&dryRun=false", "?allowAdministrators=1", "?dry=true"]) {
      expect([query, (await send(slug, "email\na@x.example", query)).status]).toEqual([query, 400]);
    }
  });
});

describe("an export", () => {
  it("comes back by the import as it went out, and no cell of it is a formula", async () => {
    const { slug, group } = await withPeople(gateway, "export");
    const cells = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", 'a "quote", and a comma', "'quoted'", "ordinary"];
    cells.push('x;=HYPERLINK("https://evil.example")', 'x;"=1"', "'=as it was", "x;'+as it was", "x; y;-1");
    for (const [n, firstName] of cells.entries()) {
      const person = { email: `p${n}@x.example`, firstName, lastName: "=1", groupId: group.id };
      expect((await api("POST", `/companies/${slug}/users`, person)).status).toBe(201);
    }
    await api("POST", `/companies/${slug}/users`, { email: "+plus@x.example", groupId: group.id, status: "disabled" });
    const response = await gateway.fetch(
      new Request(`https://admin.${BASE}/api/v1/companies/${slug}/users/export`, {
        headers: { authorization: "Bearer operator-token-of-the-tests" },
      }),
    );
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="export-users.csv"');
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = new TextDecoder().decode(bytes);
    expect(text.split("\r\n")[0]).toBe("email,firstName,lastName,company,group,status");
    expect(text.split("\r\n")).toHaveLength(16);
    for (const line of text.split("\r\n").slice(1)) {
      for (const cell of line.split(/[,;]/)) expect(cell).not.toMatch(/^"*[=+\-@]/);
    }
    const again = await send(slug, bytes);
    expect(again.body).toMatchObject({ created: 0, updated: 0, unchanged: 14, refused: 0 });
  });

  it("holds more users than a page of them", async () => {
    const { slug } = await withPeople(gateway, "pages");
    const rows = (from: number) => Array.from({ length: 1000 }, (_, n) => `p${from + n}@x.example,Members`);
    await send(slug, ["email,group", ...rows(0)].join("\n"));
    await send(slug, ["email,group", ...rows(1000)].join("\n"));
    const response = await gateway.fetch(
      new Request(`https://admin.${BASE}/api/v1/companies/${slug}/users/export`, {
        headers: { authorization: "Bearer operator-token-of-the-tests" },
      }),
    );
    const lines = (await response.text()).trim().split("\r\n");
    expect(lines).toHaveLength(2002);
    expect(new Set(lines).size).toBe(2002);
  });
});
