// The versions this program reports. `KONG_VERSION` is the Admin API contract we speak (tools compare it against ranges).

export const VERSION = '0.1.0';
export const KONG_VERSION = '3.10.0';
