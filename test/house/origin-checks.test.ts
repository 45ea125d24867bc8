/** The TypeScript sample of an origin check, against everything that an origin may meet. */
import { expect, it, vi } from "vitest";
import { identityCheck } from "../../docs/origin-checks/identity.ts";
import { APPLICATION, misjudged, stageCompany } from "../support/origin-check-cases.ts";

it("The TypeScript sample believes good assertions and no others, and asks for the keys once", async () => {
  const company = await stageCompany();
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const check = identityCheck(company.url, APPLICATION);
  const subjects: (string | null)[] = [];
  for (const { assertion } of company.cases) subjects.push((await check(assertion))?.sub ?? null);
  company.close();
  warned.mockRestore();
  expect(misjudged(company.cases, subjects)).toEqual([]);
  expect(company.asked()).toBe(1);
});

it("The TypeScript sample believes nothing while the keys can't be fetched", async () => {
  const company = await stageCompany();
  company.close();
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  expect(await identityCheck(company.url, APPLICATION)(company.cases[0]?.assertion)).toBeNull();
  expect(warned).toHaveBeenCalledOnce();
  warned.mockRestore();
});
