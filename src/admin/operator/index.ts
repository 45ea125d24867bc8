/**
 * OPERATOR: the operator's console on `admin.<BASE_DOMAIN>`: companies made, changed, opened to their first administrator. Pages made on
 * the server over the functions and validation of REST; works without client script. No company's cookie means anything here, and refuses
 * to know who the people of a company are.
 */
import { Hono } from "hono/tiny";
import { createLink, createToken, removeLink, removeToken, showAccess } from "./access.tsx";
import { listAllAudit, showActivity } from "./activity.tsx";
import { createCompany, listCompaniesPage, showNewCompany } from "./companies.tsx";
import { removeCompany, saveCompany, setStatus, showCompany } from "./company.tsx";
import { operatorsOnly } from "./gate.ts";
import {
  AUDIT_PATH,
  COMPANIES_PATH,
  companyPath,
  NEW_COMPANY_PATH,
  type OperatorEnv,
  SIGN_IN_PATH,
  SIGN_OUT_PATH,
} from "./operator.ts";
import { showSignIn, signIn, signOut } from "./sign-in.tsx";

const ONE = `${COMPANIES_PATH}/:slug`;

export const operatorRoutes = new Hono<OperatorEnv>()
  .get("/", (c) => c.redirect(COMPANIES_PATH, 303))
  .get(SIGN_IN_PATH, showSignIn)
  .post(SIGN_IN_PATH, signIn)
  .use(SIGN_OUT_PATH, operatorsOnly)
  .use(NEW_COMPANY_PATH, operatorsOnly)
  .use(AUDIT_PATH, operatorsOnly)
  .use(`${COMPANIES_PATH}/*`, operatorsOnly)
  .post(SIGN_OUT_PATH, signOut)
  .get(NEW_COMPANY_PATH, showNewCompany)
  .post(NEW_COMPANY_PATH, createCompany)
  .get(AUDIT_PATH, listAllAudit)
  .get(COMPANIES_PATH, listCompaniesPage)
  .get(ONE, showCompany)
  .post(ONE, saveCompany)
  .post(`${ONE}/status`, setStatus)
  .post(`${ONE}/delete`, removeCompany)
  .get(`${ONE}/access`, showAccess)
  .post(`${ONE}/access/links`, createLink)
  .post(`${ONE}/access/links/:id/revoke`, removeLink)
  .post(`${ONE}/access/tokens`, createToken)
  .post(`${ONE}/access/tokens/:id/delete`, removeToken)
  .get(`${ONE}/activity`, showActivity)
  // Where a form was answered, a browser may be sent again by its address bar.
  .get(`${ONE}/*`, (c) => c.redirect(companyPath(c.req.param("slug")), 303));
