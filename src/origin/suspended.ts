/** What everybody gets on the host of a company that the operator has suspended. */
import { problem } from "../failure.ts";
import { suspendedCompanyPage } from "../pages/index.ts";
import { isNavigation } from "../session/index.ts";
import type { Company } from "../store/index.ts";

export function suspendedCompany(company: Company, request: Request): Response {
  return isNavigation(request, request.method === "POST" ? "POST" : "GET")
    ? suspendedCompanyPage(company)
    : problem(403, "company-suspended", "This company is suspended");
}
