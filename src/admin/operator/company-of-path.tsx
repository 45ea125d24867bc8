/** The pages of one company: found by the slug in the address, under one head with its status and tabs. */
import type { Child } from "hono/jsx";
import type { Company } from "../../store/index.ts";
import { servicesOfCompany } from "../../tenant/index.ts";
import { readCompany } from "../companies.ts";
import { doorPage } from "../frame/index.ts";
import { operatorPage } from "./layout.tsx";
import { COMPANIES_PATH, CONSOLE_NAME, companyPath, type OperatorContext, type OperatorVisit } from "./operator.ts";

/** Reads the company that the address names, for a handler that is about it. */
export function companyOfPath(
  handle: (visit: OperatorVisit, company: Company, c: OperatorContext) => Response | Promise<Response>,
) {
  return async (c: OperatorContext): Promise<Response> => {
    const slug = c.req.param("slug") ?? "";
    const here = c.get("visit");
    const visit = { ...here, services: await servicesOfCompany(here.services, slug) };
    c.set("services", visit.services);
    const found = await readCompany(visit.services, slug);
    if (found.ok) return handle(visit, found.value, c);
    return doorPage(CONSOLE_NAME, {
      status: 404,
      title: "There is no such company",
      sentence: "It may have been deleted meanwhile.",
      links: [{ href: COMPANIES_PATH, label: "Companies" }],
    });
  };
}

const TABS = [
  ["", "Company"],
  ["/access", "Links and tokens"],
  ["/activity", "What happened"],
] as const;

/** `tab` is the end of the page's address. */
export function companyPage(
  visit: OperatorVisit,
  company: Company,
  p: { status?: number; tab: (typeof TABS)[number][0]; children: Child },
): Response {
  const { config } = visit.services;
  const address = `${config.scheme}//${company.slug}.${config.baseDomain}/`;
  return operatorPage(visit, {
    ...(p.status === undefined ? {} : { status: p.status }),
    title: company.name,
    section: "companies",
    lead: address,
    aside: company.status === "suspended" && <span class="badge bad">Suspended</span>,
    children: (
      <>
        <nav aria-label="Company">
          <ul class="tabs">
            {TABS.map(([tab, text]) => (
              <li>
                <a href={companyPath(company.slug, tab)} aria-current={tab === p.tab ? "true" : undefined}>
                  {text}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        {p.children}
      </>
    ),
  });
}
