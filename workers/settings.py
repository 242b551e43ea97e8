"""The one reader of the environment: settings, and the secrets that the YAML only refers to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SHORTEST = 16
"""Characters of a token or secret; a shorter one can be guessed."""
Network = IPv4Network | IPv6Network
ROLES = ("viewer", "responder", "admin")
Roles = dict[str, Literal["viewer", "responder", "admin"]]
T = TypeVar("T", bound=BaseModel)


class SettingsError(Exception):
    """Every problem of the environment at once; each line says what was expected and what to set."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """What a process needs to know from its environment. Names in capitals are the variables."""

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True, env_ignore_empty=True)

    redis_url: SecretStr | None = Field(default=None, validation_alias="REDIS_URL")
    """None: `up` starts an embedded Valkey; `serve` and `work` refuse."""
    config: Path | None = Field(default=None, validation_alias="TOCSIN_CONFIG")
    public_url: str | None = Field(default=None, validation_alias="PUBLIC_URL")
    """What people reach Tocsin by; links in notifications begin with it."""
    api_token: Annotated[list[SecretStr], NoDecode] = Field(default=[], validation_alias="TOCSIN_API_TOKEN")
    """Guard /api and /metrics; several, separated by commas, during rotation."""
    secret: Annotated[list[SecretStr], NoDecode] = Field(default=[], validation_alias="TOCSIN_SECRET")
    """Sign the links in notifications; the first signs, any verifies."""
    allow_net: Annotated[list[Network], NoDecode] = Field(default=[], validation_alias="TOCSIN_ALLOW_NET")
    """Networks that outgoing requests may reach although they are private."""
    allow_commands: bool = Field(default=False, validation_alias="TOCSIN_ALLOW_COMMANDS")
    """May checks of type `command` run what the YAML says, as the workers' user?"""
    data: Path = Field(default=Path(".tocsin"), validation_alias="TOCSIN_DATA")
    """Where `up` keeps its Valkey and generated secrets."""
    host: str = Field(default="127.0.0.1", validation_alias="HOST")
    port: int = Field(default=8080, validation_alias="PORT", ge=0, le=65535)
    body_limit: int = Field(default=1024 * 1024, validation_alias="TOCSIN_BODY_LIMIT", ge=1024, le=64 * 1024 * 1024)
    """Bytes of a delivery's body; more is 413."""
    spool_limit: int = Field(default=256 * 1024 * 1024, validation_alias="TOCSIN_SPOOL_LIMIT", ge=1024 * 1024)
    """Bytes a receiver may keep on its own disk (in the data folder) while Redis is away; more is 503."""
    heartbeat_url: SecretStr | None = Field(default=None, validation_alias="TOCSIN_HEARTBEAT_URL")
    """A watcher outside (a dead man's switch), pinged twice a minute while every promise is kept in time."""
    inbox_days: float = Field(default=7.0, validation_alias="TOCSIN_INBOX_DAYS", gt=0, le=400)
    """How long deliveries are kept as they arrived."""
    inbox_limit: int = Field(default=256 * 1024 * 1024, validation_alias="TOCSIN_INBOX_LIMIT", ge=1024 * 1024)
    """Bytes of Redis' memory they may take; beyond, the oldest go first."""
    connections: int = Field(default=800, validation_alias="TOCSIN_CONNECTIONS", ge=1, le=100_000)
    """Open at one process, below the 1,024 files most systems allow; beyond, the slowest connection makes room."""
    connections_per_client: int = Field(default=200, validation_alias="TOCSIN_CONNECTIONS_PER_CLIENT", ge=1)
    """Those of one client address (of one /64 of IPv6); more are 503."""
    trusted_proxies: Annotated[list[Network], NoDecode] = Field(default=[], validation_alias="TOCSIN_TRUSTED_PROXIES")
    """Networks of the proxies whose X-Forwarded-For says who the client is."""
    proxy_user_header: str | None = Field(default=None, validation_alias="TOCSIN_PROXY_USER_HEADER")
    """The header in which a trusted proxy says who is signed in; nobody else's is looked at."""
    proxy_role_header: str | None = Field(default=None, validation_alias="TOCSIN_PROXY_ROLE_HEADER")
    """The header with their groups, separated by commas; without it the user's own name stands for one."""
    proxy_roles: Annotated[Roles, NoDecode] = Field(default={}, validation_alias="TOCSIN_PROXY_ROLES")
    """Group (or user) -> role: `sre=admin,on-call=responder`; who is in none is a viewer."""
    oidc_issuer: str | None = Field(default=None, validation_alias="TOCSIN_OIDC_ISSUER")
    """Where people may sign in instead (OpenID Connect): the address its discovery document names as `issuer`."""
    oidc_client_id: str | None = Field(default=None, validation_alias="TOCSIN_OIDC_CLIENT_ID")
    oidc_client_secret: SecretStr | None = Field(default=None, validation_alias="TOCSIN_OIDC_CLIENT_SECRET")
    oidc_scopes: str = Field(default="openid profile email", validation_alias="TOCSIN_OIDC_SCOPES")
    oidc_role_claim: str = Field(default="groups", validation_alias="TOCSIN_OIDC_ROLE_CLAIM")
    """The claim of the id token that `oidc_roles` is looked up by: a text or a list of texts."""
    oidc_roles: Annotated[Roles, NoDecode] = Field(default={}, validation_alias="TOCSIN_OIDC_ROLES")
    """Value of that claim -> role; who has none of them is a viewer."""
    oidc_name: str = Field(default="single sign-on", validation_alias="TOCSIN_OIDC_NAME", max_length=40)
    """What the button says: `Sign in with …`."""
    log: Literal["json", "console"] = Field(default="json", validation_alias="TOCSIN_LOG")
    accept_weaker_durability: bool = Field(default=False, validation_alias="TOCSIN_ACCEPT_WEAKER_DURABILITY")
    url: str = Field(default="http://127.0.0.1:8080", validation_alias="TOCSIN_URL")
    """Where the command line finds a running Tocsin."""
    demo: bool = Field(default=False, validation_alias="TOCSIN_DEMO")
    """Set by `up --demo` for its processes: every channel is pointed at the fake endpoints of this very Tocsin."""
    demo_incidents: bool = Field(default=False, validation_alias="TOCSIN_DEMO_INCIDENTS")
    """Set by `up --demo`: the first start makes up a few incidents, marked as such."""
    demo_smtp_port: int = Field(default=2525, validation_alias="TOCSIN_DEMO_SMTP_PORT", ge=0, le=65535)
    supervisor: int | None = Field(default=None, validation_alias="TOCSIN_SUPERVISOR")
    """Set by a supervisor for its children: its process id. A worker ends when that is no longer its parent."""
    no_color: bool = Field(default=False, validation_alias="NO_COLOR")

    @field_validator("api_token", "secret", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("allow_net", "trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        return [ip_network(part.strip()) if isinstance(part, str) else part for part in parts]  # type: ignore[attr-defined]

    @field_validator("proxy_roles", "oidc_roles", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.rpartition("=") for part in value.split(",") if part.strip()]
        if not all(group.strip() and role.strip() in ROLES for group, _, role in pairs):
            raise ValueError("expected group=role, separated by commas; a role is viewer, responder or admin")
        return {group.strip(): role.strip() for group, _, role in pairs}

    @field_validator("no_color", mode="before")
    @classmethod
    def _any_text(cls, value: object) -> object:
        return bool(value) if isinstance(value, str) else value

    @field_validator("public_url", "url", "oidc_issuer")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("expected an address that begins with http:// or https://")
        return None if value is None else value.rstrip("/")

    @property
    def base_url(self) -> str:
        """What links begin with: PUBLIC_URL, else this process's own address."""
        return self.public_url or f"http://{self.host}:{self.port}"


def read_settings(given: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process's environment, overlaid with `given`. Raises SettingsError with every problem."""
    try:
        return Settings.model_validate({**Settings().model_dump(exclude_unset=True), **(given or {})})
    except ValidationError as wrong:
        raise SettingsError([_problem(error["loc"], error["msg"]) for error in wrong.errors()]) from None


def _problem(where: tuple[int | str, ...], message: str) -> str:
    return f"{where[0] if where else 'environment'}: {message.removeprefix('Value error, ')}"


def short(settings: Settings) -> list[str]:
    """Tokens and secrets that could be guessed; the sentences hold nothing of them."""
    given = {"TOCSIN_API_TOKEN": settings.api_token, "TOCSIN_SECRET": settings.secret}
    return [
        f"{name}: one of its values is shorter than {SHORTEST} characters"
        for name, values in given.items()
        if any(len(value.get_secret_value()) < SHORTEST for value in values)
    ]


def require(settings: Settings) -> None:
    """What `serve` and `work` cannot do without. Raises SettingsError naming all that is missing."""
    missing = []
    if settings.redis_url is None:
        missing.append("REDIS_URL: not set; expected redis://host:6379/0, or use `tocsin up` for an embedded Valkey")
    elif not settings.redis_url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        missing.append("REDIS_URL: expected an address that begins with redis://, rediss:// or unix://")
    if not settings.api_token:
        missing.append("TOCSIN_API_TOKEN: not set; expected a long random text (openssl rand -hex 32) that guards /api")
    if not settings.secret:
        missing.append("TOCSIN_SECRET: not set; expected a long random text (openssl rand -hex 32) that signs links")
    missing += [*short(settings), *_sign_in(settings)]
    if settings.public_url is None and settings.host not in {"127.0.0.1", "localhost", "::1"}:
        missing.append("PUBLIC_URL: not set; expected the https:// address under which people reach this Tocsin")
    if missing:
        raise SettingsError(missing)


def _sign_in(settings: Settings) -> list[str]:
    """What is missing of the ways to sign in that were asked for."""
    problems = []
    if settings.proxy_user_header and not settings.trusted_proxies:
        problems.append("TOCSIN_TRUSTED_PROXIES: not set; TOCSIN_PROXY_USER_HEADER is believed from those proxies only")
    if settings.oidc_issuer is not None:
        given = {
            "TOCSIN_OIDC_CLIENT_ID": settings.oidc_client_id,
            "TOCSIN_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
        }
        problems += [f"{name}: not set; TOCSIN_OIDC_ISSUER needs it" for name, value in given.items() if not value]
        if not settings.oidc_issuer.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            problems.append("TOCSIN_OIDC_ISSUER: expected an address that begins with https://")
    return problems


def child_environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process of ours: this one's, and what is given on top."""
    return {**os.environ, **given}


def command_environment() -> dict[str, str]:
    """What a command of the YAML may be given, by name; it gets what it asks for, and nothing else of this."""
    return {"LANG": "C.UTF-8", **os.environ}


def unset(names: Iterable[str]) -> list[str]:
    """Which of these variables nobody has set."""
    return sorted(name for name in names if not os.environ.get(name))


class MissingReference(Exception):
    """A reference of the YAML leads nowhere; the message names it and says what to set."""


class Environment:
    """Reveals the references of the YAML. `overlay` holds what `up` generated; the environment itself comes first."""

    def __init__(self, overlay: Mapping[str, str] | None = None) -> None:
        self._overlay = dict(overlay or {})
        self._revealed: set[str] = set()

    @property
    def revealed(self) -> tuple[str, ...]:
        """Every secret this process has asked for: what must be masked wherever something sent is shown."""
        return tuple(self._revealed)

    def reveal(self, text: str) -> str:
        """What `${env:NAME}` or `${file:/path}` stands for; other text as it is. Raises MissingReference."""
        if text.startswith("${env:"):
            found = self._variable(text[len("${env:") : -1])
        elif text.startswith("${file:"):
            found = self._file(Path(text[len("${file:") : -1]))
        else:
            return text
        self._revealed.add(found)
        return found

    def missing(self, references: Iterable[str]) -> list[str]:
        """Why each of these references that leads nowhere does so; empty when all can be revealed."""
        problems = []
        for text in dict.fromkeys(references):
            try:
                self.reveal(text)
            except MissingReference as missing:
                problems.append(str(missing))
        return problems

    def reveal_options(self, options: T) -> T:
        """The same options with every reference replaced by its secret; never logged, never stored."""
        references = {name: value for name, value in options if isinstance(value, str) and value.startswith("${")}
        return options.model_copy(update={name: self.reveal(value) for name, value in references.items()})

    def _variable(self, name: str) -> str:
        value = os.environ.get(name) or self._overlay.get(name)
        if not value:
            why = f"the environment variable {name} is not set, and the rules refer to it as ${{env:{name}}}"
            raise MissingReference(why)
        return value

    def _file(self, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as wrong:
            why = f"the file {path} cannot be read ({type(wrong).__name__}), and the rules refer to it"
            raise MissingReference(why) from None
