/** /companies/:slug/configuration: the company as code. */
import { canonical, configuration, readState } from "../configuration.ts";
import { application, applyConfiguration, planConfiguration, planView } from "../configuration-apply.ts";
import { companyRoute, type Route, reply } from "./route.ts";

const path = "/companies/:slug/configuration";

export const configurationRoutes: Route[] = [
  companyRoute({
    method: "get",
    path,
    summary: "Read the company as one JSON: settings, groups and single sign-on by title, no users and no secrets",
    view: configuration,
    makesNothing: true,
    unversioned: true,
    // Two groups of one title.
    problems: [409],
    async handle({ services, company }) {
      return reply(await readState(services, company), ({ state }) => ({ status: 200, body: canonical(state) }));
    },
  }),
  companyRoute({
    method: "post",
    path: `${path}/plan`,
    summary: "Say what a configuration would change, and what of that is dangerous; changes nothing",
    body: configuration,
    view: planView,
    makesNothing: true,
    unversioned: true,
    async handle({ services, actor, company, body }) {
      return reply(await planConfiguration(services, actor, company, body), (plan) => ({ status: 200, body: plan }));
    },
  }),
  companyRoute({
    method: "post",
    path: `${path}/apply`,
    summary: "Carry out a plan whole, if nothing changed since (412) and its dangers are accepted by their codes (409)",
    problems: [412],
    body: application,
    view: configuration,
    makesNothing: true,
    unversioned: true,
    async handle({ services, actor, company, body }) {
      return reply(await applyConfiguration(services, actor, company, body), (then) => ({ status: 200, body: then }));
    },
  }),
];
