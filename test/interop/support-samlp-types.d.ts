/** What these tests use of the npm package samlp, which comes without types. */
declare module "samlp" {
  import type { Handler } from "./support-express.ts";

  type Done<T> = (error: Error | null, value?: T) => void;

  export interface AuthOptions {
    readonly issuer: string;
    readonly cert: string;
    readonly key: string;
    readonly getPostURL: (audience: string, request: unknown, req: unknown, done: Done<string>) => void;
    readonly recipient?: string;
    readonly destination?: string;
    readonly signResponse?: boolean;
    readonly signAssertion?: boolean;
    readonly signatureAlgorithm?: "rsa-sha256" | "rsa-sha1";
    readonly digestAlgorithm?: "sha256" | "sha1";
    readonly signatureNamespacePrefix?: string;
    readonly nameIdentifierFormat?: string;
    readonly includeAttributeNameFormat?: boolean;
    readonly typedAttributes?: boolean;
    readonly sessionIndex?: string;
    readonly signingCert?: string;
    readonly encryptionPublicKey?: string;
    readonly encryptionCert?: string;
    readonly encryptionAlgorithm?: string;
    readonly disallowEncryptionWithInsecureAlgorithm?: boolean;
    readonly warnOnInsecureEncryptionAlgorithm?: boolean;
  }

  export interface ErrorOptions {
    readonly issuer: string;
    readonly cert: string;
    readonly key: string;
    readonly getPostURL: (req: unknown, done: Done<string>) => void;
    readonly destination: string;
    readonly inResponseTo: string;
    readonly RelayState: string;
    readonly error: { readonly code?: string; readonly description?: string };
  }

  export interface Participant {
    readonly serviceProviderId: string;
    readonly nameId: string;
    readonly nameIdFormat: string;
    readonly sessionIndex: string;
    readonly serviceProviderLogoutURL: string;
    readonly cert?: string;
    readonly binding?: string;
  }

  export interface LogoutOptions {
    readonly issuer: string;
    readonly cert: string;
    readonly key: string;
    readonly deflate: boolean;
    readonly protocolBinding: string;
    readonly sessionParticipants: unknown;
    readonly store: unknown;
  }

  export interface MetadataOptions {
    readonly issuer: string;
    readonly cert: string;
    readonly redirectEndpointPath: string;
    readonly postEndpointPath: string;
    readonly logoutEndpointPaths: { readonly redirect?: string; readonly post?: string };
  }

  const samlp: {
    auth(options: AuthOptions): Handler;
    sendError(options: ErrorOptions): Handler;
    logout(options: LogoutOptions): Handler;
    metadata(options: MetadataOptions): Handler;
    parseRequest(req: unknown, done: Done<{ readonly issuer: string; readonly id: string }>): void;
  };
  export default samlp;
}

declare module "samlp/lib/sessionParticipants/index.js" {
  import type { Participant } from "samlp";
  export default class SessionParticipants {
    constructor(sessions: Participant[]);
  }
}
