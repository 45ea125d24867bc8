/** Users from a file in a real browser: shown, carried out, and looked at. */
import { afterAll, describe, expect, it } from "vitest";
import { lookAt, pick, stage, strike } from "./stage.ts";

afterAll(strike);

describe("an import", () => {
  it("is shown and then carried out", async (context) => {
    const { browser, demo } = await stage(context);
    const profile = await browser.newContext();
    context.onTestFinished(() => profile.close());
    const tab = await profile.newPage();
    const complaints: string[] = [];
    tab.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    const { items } = (await demo.api("GET", "/companies/acme/groups")) as { items: { id: string; title: string }[] };
    const groupId = items.find(({ title }) => title === "Administrators")?.id;
    const email = "z.brannstrom@acme.example";
    const found = (await demo.api("GET", `/companies/acme/users?email=${email}`)) as { items: { id: string }[] };
    if (found.items.length === 0) await demo.api("POST", "/companies/acme/users", { email, groupId });
    await tab.goto(`${demo.companyUrl}/sso/admin/users`);
    await pick(tab, /Brännström/);
    await tab.getByRole("link", { name: "Import" }).first().waitFor();
    await tab.goto(`${demo.companyUrl}/sso/admin/users/import`);
    await lookAt(tab, "console-import");
    const rows = [
      "email,firstName,lastName,company,group",
      "n.okoye@acme.example,Ngozi,Okoye,Acme Studio,Staff",
      "p.larsen@acme.example,Pia,Larsen,Acme Studio,Staff",
      `${email},Zoë,Brännström-Lund,Acme,Staff`,
      "no address,Nobody,,,Staff",
      "x.chief@acme.example,Xavier,Chief,,Administrators",
    ];
    const buffer = Buffer.from(`\uFEFF${rows.join("\r\n")}\r\n`);
    await tab.getByLabel("CSV file").setInputFiles({ name: "people.csv", mimeType: "text/csv", buffer });
    await tab.getByRole("button", { name: "Show what would happen" }).click();
    await tab.getByText("Nothing was changed yet.").waitFor();
    await lookAt(tab, "console-import-shown");
    await tab.getByRole("button", { name: "Import 2 users" }).click();
    await tab.getByText("The import is done.").waitFor();
    await lookAt(tab, "console-import-done");
    const made = (await demo.api("GET", "/companies/acme/users?email=n.okoye@acme.example")) as { items: unknown[] };
    expect(made.items).toHaveLength(1);
    expect(complaints).toEqual([]);
  });
});
