/** Who changes something, and the record that every change leaves. */
import type { Services } from "../context.ts";
import { type AuditRecord, newId } from "../store/index.ts";

/** The operator may do everything; a token or an administrator of the console, what their company may; followed metadata pins keys. */
export type Actor =
  | { readonly kind: "operator" }
  | { readonly kind: "metadata"; readonly companyId: string }
  | { readonly kind: "token"; readonly companyId: string; readonly tokenId: string }
  | { readonly kind: "user"; readonly companyId: string; readonly userId: string };

export function actorName(actor: Actor): string {
  if (actor.kind === "operator" || actor.kind === "metadata") return actor.kind;
  return actor.kind === "token" ? `token:${actor.tokenId}` : `user:${actor.userId}`;
}

/** `before` and `after` are views of this folder, which hold no secrets. */
export function auditRecord(
  services: Services,
  actor: Actor,
  companyId: string,
  change: Pick<AuditRecord, "action" | "resource" | "resourceId" | "before" | "after">,
): AuditRecord {
  return { ...change, id: newId(), companyId, at: services.now(), actor: actorName(actor) };
}
