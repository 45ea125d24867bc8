/**
 * FRAME: what the company's console and the operator's have in common: the frame of a page with its style and headers, the
 * parts that pages are built of, and the reading of a posted form. Refuses to know who looks at a page.
 */
export { Time } from "../../pages/index.ts";
export { type FormOwner, isFromElsewhere, judgeFormToken, makeFormToken, TOKEN_FIELD } from "../../session/index.ts";
export { AuditTable } from "./audit-table.tsx";
export { doorFrame, doorPage, framePage, LinkList, type PageParts } from "./layout.tsx";
export { LinkTable } from "./links.tsx";
export {
  AreaField,
  CheckField,
  ConflictNote,
  Copyable,
  type Errors,
  errorsOf,
  FaultNote,
  FileField,
  FocusedNote,
  Form,
  type FormMaker,
  Older,
  SecretNote,
  SelectField,
  Sure,
  TextField,
  withErrors,
} from "./parts.tsx";
export { CONSOLE_FORM_BYTES_MAX, type Posted, readPosted, seeOther } from "./posted.ts";
export { Breakable, Table } from "./table.tsx";
export { parseToken, TOKEN_LABELS, TokenCards, type TokenText, tokenPosted } from "./tokens.tsx";
