CREATE TABLE `assertion_keys` (
	`company_id` text NOT NULL,
	`kid` text NOT NULL,
	`public_jwk` text NOT NULL,
	`wrapped_private_jwk` text NOT NULL,
	`created_at` integer NOT NULL,
	`retired_at` integer,
	PRIMARY KEY(`company_id`, `kid`),
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `audit` (
	`id` text PRIMARY KEY NOT NULL,
	`company_id` text NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`resource` text NOT NULL,
	`resource_id` text NOT NULL,
	`before` text,
	`after` text
);
--> statement-breakpoint
CREATE INDEX `audit_company` ON `audit` (`company_id`,`id`);--> statement-breakpoint
CREATE INDEX `audit_at` ON `audit` (`at`);--> statement-breakpoint
CREATE TABLE `companies` (
	`id` text PRIMARY KEY NOT NULL,
	`slug` text NOT NULL,
	`name` text NOT NULL,
	`origin_url` text NOT NULL,
	`status` text NOT NULL,
	`absolute_hours` integer NOT NULL,
	`idle_minutes` integer NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `companies_slug` ON `companies` (`slug`);--> statement-breakpoint
CREATE TABLE `group_mappings` (
	`company_id` text NOT NULL,
	`position` integer NOT NULL,
	`claim` text NOT NULL,
	`value` text NOT NULL,
	`group_id` text NOT NULL,
	PRIMARY KEY(`company_id`, `position`),
	FOREIGN KEY (`company_id`) REFERENCES `saml_settings`(`company_id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`company_id`,`group_id`) REFERENCES `groups`(`company_id`,`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `group_mappings_group` ON `group_mappings` (`company_id`,`group_id`);--> statement-breakpoint
CREATE TABLE `groups` (
	`company_id` text NOT NULL,
	`id` text NOT NULL,
	`title` text NOT NULL,
	`type` text NOT NULL,
	`sso_only` integer NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`company_id`, `id`),
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `saml_settings` (
	`company_id` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`idp_entity_id` text,
	`login_url` text NOT NULL,
	`logout_url` text,
	`name_id_format` text NOT NULL,
	`request_binding` text NOT NULL,
	`certificates` text NOT NULL,
	`jit_enabled` integer NOT NULL,
	`jit_group_id` text,
	`sign_authn_requests` integer NOT NULL,
	`want_encrypted_assertions` integer NOT NULL,
	`allow_idp_initiated` integer NOT NULL,
	`force_authn` integer NOT NULL,
	`requested_authn_context` text NOT NULL,
	`clock_skew_seconds` integer NOT NULL,
	`allow_sha1` integer NOT NULL,
	`email_claim` text,
	`first_name_claim` text,
	`last_name_claim` text,
	`user_key_claim` text,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`company_id`,`jit_group_id`) REFERENCES `groups`(`company_id`,`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`company_id` text NOT NULL,
	`id` text NOT NULL,
	`user_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`idle_minutes` integer NOT NULL,
	`user_agent` text NOT NULL,
	`issuer` text NOT NULL,
	`name_id` text NOT NULL,
	`name_id_format` text,
	`name_qualifier` text,
	`sp_name_qualifier` text,
	`session_index` text,
	PRIMARY KEY(`company_id`, `id`),
	FOREIGN KEY (`company_id`,`user_id`) REFERENCES `users`(`company_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `sessions_user` ON `sessions` (`company_id`,`user_id`,`id`);--> statement-breakpoint
CREATE INDEX `sessions_name_id` ON `sessions` (`company_id`,`issuer`,`name_id`);--> statement-breakpoint
CREATE INDEX `sessions_expires` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `sign_ins` (
	`company_id` text NOT NULL,
	`id` text NOT NULL,
	`at` integer NOT NULL,
	`outcome` text NOT NULL,
	`code` text,
	`email` text,
	`checks` text NOT NULL,
	`reference` text NOT NULL,
	`user_id` text,
	PRIMARY KEY(`company_id`, `id`),
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `sign_ins_reference` ON `sign_ins` (`company_id`,`reference`);--> statement-breakpoint
CREATE INDEX `sign_ins_at` ON `sign_ins` (`at`);--> statement-breakpoint
CREATE TABLE `sp_keys` (
	`company_id` text NOT NULL,
	`id` text NOT NULL,
	`use` text NOT NULL,
	`certificate` text NOT NULL,
	`wrapped_private_key` text NOT NULL,
	`created_at` integer NOT NULL,
	`retired_at` integer,
	PRIMARY KEY(`company_id`, `id`),
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `tokens` (
	`company_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`secret_sha256` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	PRIMARY KEY(`company_id`, `id`),
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tokens_secret` ON `tokens` (`secret_sha256`);--> statement-breakpoint
CREATE TABLE `used_assertions` (
	`company_id` text NOT NULL,
	`issuer` text NOT NULL,
	`assertion_id` text NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`company_id`, `issuer`, `assertion_id`),
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `used_assertions_expires` ON `used_assertions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `used_requests` (
	`company_id` text NOT NULL,
	`request_id` text NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`company_id`, `request_id`),
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `used_requests_expires` ON `used_requests` (`expires_at`);--> statement-breakpoint
CREATE TABLE `users` (
	`company_id` text NOT NULL,
	`id` text NOT NULL,
	`email` text NOT NULL,
	`first_name` text NOT NULL,
	`last_name` text NOT NULL,
	`company` text NOT NULL,
	`group_id` text NOT NULL,
	`status` text NOT NULL,
	`subject_issuer` text,
	`subject_kind` text,
	`subject_value` text,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`last_sign_in_at` integer,
	PRIMARY KEY(`company_id`, `id`),
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`company_id`,`group_id`) REFERENCES `groups`(`company_id`,`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_email` ON `users` (`company_id`,`email`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_subject` ON `users` (`company_id`,`subject_issuer`,`subject_kind`,`subject_value`);--> statement-breakpoint
CREATE INDEX `users_group` ON `users` (`company_id`,`group_id`);