"""The smallest Duologue server that passes the conformance suite.

One app on the real clock, all stores in memory, no optional feature. Written from the book in `spec/src`
alone, in the order of its chapters; where the two differ, the book is right. Each connection has a thread.
A request is read, answered as a whole under the one lock, then written: so there is one acceptance order
(MOD-009, MOD-010, SND-004). DUOLOGUE_ADMIN_TOKEN holds the admin token, at least 128 random bits.
"""

from __future__ import annotations

import hashlib, itertools, json, math, os, queue, re, secrets, socket, sys, threading, time, traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

Json = dict[str, Any]
Check = Callable[[Any], bool]
Stream = queue.SimpleQueue  # of frames still to be written to one open stream; None ends it

# ---- Model: the app, its users, their views ------------------------------------------------------
@dataclass
class View:  # one user's record of the conversation with one peer
    messages: list[Json] = field(default_factory=list)
    last_seq: int = 0

    def unexpired(self) -> list[Json]:  # ROA-001; the numbering stays: MOD-007
        now = now_ms()
        self.messages = [message for message in self.messages if message["expires_ms"] > now]
        return self.messages

@dataclass
class User:
    user_id: str
    created_ms: int = 0
    credential: bytes = b""  # the digest of the token
    nickname: str | None = None
    avatar_url: str | None = None
    accept_from: str = "policy"
    views: dict[str, View] = field(default_factory=dict)  # by peer
    contacts: set[str] = field(default_factory=set)  # the peers in the recent contacts
    mailbox: dict[int, Json] = field(default_factory=dict)  # by cursor, oldest first
    last_cursor: int = field(default_factory=lambda: time.time_ns() // 1000)  # above earlier runs: STR-015
    friends: set[str] = field(default_factory=set)
    blocklist: set[str] = field(default_factory=set)
    sessions: dict[str, Session] = field(default_factory=dict)  # by device_id

@dataclass
class Session:
    user: User
    device_id: str
    platform: str
    last_use: int
    stream: Stream | None = None

class App:
    """All the server knows; one with several apps has one of these for each."""

    app_id = secrets.token_urlsafe(8)
    policy: dict[str, str] = {}
    users: dict[str, User] = {}
    tokens: dict[bytes, App | User | Session] = {}  # by digest: whom it stands for
    keys: dict[tuple[str, str, str], tuple[int, Json, Json]] = {}  # see answer_once
    counter = itertools.count()
    last_ms = 0

app = App()
ADMIN, SYSTEM = User("@admin"), User("@system")  # senders that are in no list of users

# ---- Identifiers, and other checks of one value --------------------------------------------------
def matches(grammar: str) -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(grammar, value) is not None

def short(check: Check, limit: str) -> Check:
    return lambda value: check(value) and len(value.encode()) <= LIMITS[limit]

def number(least: int, most: int = 2**53 - 1, types: tuple[type, ...] = (int,)) -> Check:
    """MSG-008, MSG-009: Python reads `1.0` and `1e2` as float, and its bool is another type than int."""
    return lambda value: type(value) in types and least <= value <= most

def of_type(expected: type) -> Check:
    return lambda value: type(value) is expected

def nullable(check: Check) -> Check:  # HTT-005
    return lambda value: value is None or check(value)

is_new_user_id = matches("[A-Za-z0-9_-]{1,32}")  # IDN-001
is_user_id = matches("(?s)[A-Za-z0-9_-]{1,32}|@.*")  # IDN-004; a reserved id names nobody: IDN-003
is_device_id = matches("[A-Za-z0-9_-]{1,64}")  # IDN-007, and the next two
is_platform = matches("[a-z0-9_-]{1,32}")
is_client_msg_id = matches("[A-Za-z0-9._:-]{1,64}")
is_cursor = matches("0|[1-9][0-9]{0,18}")  # IDN-010
is_string, is_filled = matches(r"[^\0]*"), matches(r"[^\0]+")  # MSG-010
is_url = short(matches(r"https?://[!-~]+|/v1/media/[A-Za-z0-9_-]{1,64}"), "url_bytes_max")  # MSG-011, MSG-012
is_nickname = short(is_filled, "nickname_bytes_max")
is_event = matches("(?!(friend_added|friend_removed|profile_changed)$)[a-z0-9_.-]{1,64}")  # SYS-003

def existing_user(user_id: str, name: str | None = None) -> User:  # IDN-002, IDN-003, MOD-001, SND-002
    if user_id not in app.users:
        raise Refused(404, "user_not_found", "no such user", name)
    return app.users[user_id]

def user_in_path(call: Call) -> User:  # ADM-004, ADM-021
    return existing_user(id_in_path(call, "user_id"))

def id_in_path(call: Call, name: str) -> str:  # IDN-004
    if not is_user_id(call.ids[name]):
        raise invalid(name)
    return call.ids[name]

# ---- Messages: what a content may hold and what it weighs ----------------------------------------
# The table of the chapter; `system` is missing because nobody sends it with a message (SYS-001). In all
# tables a name with a question mark may be left out.
REAL = (int, float)
MEDIA: dict[str, Check] = {"url": is_url, "bytes": number(1)}
CONTENTS: dict[str, dict[str, Check]] = {
    "text": {"text": is_filled},
    "face": {"index": number(0, 2147483647), "data": is_string},
    "location": {"title": is_filled, "longitude": number(-180, 180, REAL), "latitude": number(-90, 90, REAL)},
    "image": {**MEDIA, "width": number(1), "height": number(1), "format?": is_string},
    "audio": {**MEDIA, "duration_ms": number(0)},
    "file": {**MEDIA, "name": is_filled, "format?": is_string},
    "video": {**MEDIA, "duration_ms": number(0), "format": is_filled, "thumbnail?": is_url},
    "custom": {"data": is_string, "description?": is_string, "ext?": is_string},
}

def read_fields(body: Json, table: dict[str, Check], path: str = "") -> Json:
    """ERR-003, MSG-007, VER-002: the fields of the table, each checked; others stay behind."""
    known: Json = {}
    for column, check in table.items():
        name = column.removesuffix("?")
        if name in body or name == column:
            if not check(body.get(name)):
                raise invalid(path + name)
            known[name] = body[name]
    return known

def read_content(content: Json) -> Json:  # MSG-004 to MSG-009, MSG-013, MSG-014
    content = {name: value for name, value in content.items() if value is not None}
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in CONTENTS:
        raise invalid("content.type")
    known = {"type": kind, **read_fields(content, CONTENTS[kind], "content.")}
    if known.get("bytes", 0) > LIMITS.get(f"{kind}_bytes_max", 0):
        raise Refused(413, "media_too_large", f"larger than {kind}_bytes_max", "content.bytes")
    return known

def canonical(value: Any) -> str:  # MSG-015: RFC 8785 for the flat objects of this protocol
    if isinstance(value, dict):
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if not isinstance(value, float):
        return json.dumps(value, ensure_ascii=False)
    if value.is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f") if abs(value) >= 1e-6 else repr(value).replace("e-0", "e-")

def weighed(draft: Json) -> Json:  # MSG-015, MSG-016
    size = len((canonical(draft["content"]) + draft.get("custom_data", "")).encode())
    if size > LIMITS["message_bytes_max"]:
        raise Refused(413, "message_too_large", f"{size} bytes", "content")
    return {**draft, "stored_bytes": size}

# ---- Sending -------------------------------------------------------------------------------------
DELIVERY: dict[str, Check] = {"client_msg_id?": is_client_msg_id, "lifetime_s?": number(0)}  # SND-013
CARGO: dict[str, Check] = {"custom_data?": is_string, "push?": of_type(dict)}  # MSG-017
MESSAGE: dict[str, Check] = {"content": of_type(dict), **CARGO, **DELIVERY}  # MSG-006
PUSH = {"title?": is_string, "body?": is_string, "ext?": is_string, "enabled?": of_type(bool)}

def read_message(body: Json, addressing: dict[str, Check]) -> Json:  # MSG-006, MSG-017, VER-002
    """The draft of a message: its known fields, and what it weighs."""
    draft = read_fields(body, {**addressing, **MESSAGE})
    draft["content"] = read_content(draft["content"])
    if "push" in draft:
        draft["push"] = read_fields(draft["push"], PUSH, "push.")
    return weighed(draft)

def send_as_user(call: Call) -> Json:  # SND-001 to SND-003, in the order of ERR-007
    session, user = call.caller, call.caller.user
    draft = read_message(call.json, {"to": is_user_id, "from?": is_string})
    if draft.get("from", user.user_id) != user.user_id:
        raise Refused(403, "admin_required", "only for the administrator", "from")  # SND-003

    def send() -> Json:
        recipient = existing_user(draft["to"], "to")
        may_reach = recipient is user or check_permission(user, recipient)  # SND-018
        return accept(draft, user, recipient, session, to_sender=True, to_recipient=may_reach)

    return answer_once(user.user_id, user.user_id, draft, send)

def answer_once(caller: str, sender: str, draft: Json, send: Callable[[], Json]) -> Json:
    """SND-005 to SND-011, SND-019, ADM-018: a key is kept with its time, its draft and the answer to it."""
    if "client_msg_id" not in draft:
        return send()
    over = now_ms() - 1000 * LIMITS["dedup_window_s"]
    app.keys = {name: key for name, key in app.keys.items() if key[0] > over}
    name = (caller, sender, draft["client_msg_id"])
    if name in app.keys:
        if app.keys[name][1] != draft:
            raise Refused(409, "idempotency_conflict", "the key belongs to another message", "client_msg_id")
        return app.keys[name][2]
    answer = send()
    if any("error" not in result for result in answer.get("results", [answer])):
        app.keys[name] = (now_ms(), draft, answer)
    return answer

def accept(draft: Json, sender: User, recipient: User, session: Session | None = None,
           to_sender: bool = False, to_recipient: bool = True) -> Json:  # fmt: skip
    """Makes a message of a draft that has passed every check, and puts it where it belongs.
    IDN-009, MSG-002, SND-001, SND-012, SND-015 to SND-017, ADM-012, ADM-015, ADM-022."""
    now = now_ms()
    lifetime_s = min(draft.get("lifetime_s", math.inf), LIMITS["roaming_ttl_s"])
    shown = ("content", "client_msg_id", "custom_data", "stored_bytes")
    message = {name: draft[name] for name in shown if name in draft} | {
        "message_id": f"m{next(app.counter):015}",  # in acceptance order: see recents_of
        "from": sender.user_id, "to": recipient.user_id, "sender": snapshot(sender), "seq": None,
        "time_ms": now, "expires_ms": now + 1000 * lifetime_s,
    }  # fmt: skip
    if sender is recipient:
        return place(message, sender, sender.user_id, session)
    theirs = place(message, recipient, sender.user_id, None, in_mailbox=True) if to_recipient else message
    own = place(message, sender, recipient.user_id, session) if to_sender else message
    return own if session else theirs

def place(message: Json, owner: User, peer: str, sent_from: Session | None, in_mailbox: bool = False) -> Json:
    """MOD-003 to MOD-008, SND-014: stores a copy in one view, and shows it on the owner's open streams."""
    cursor = None
    if message["expires_ms"] > message["time_ms"]:  # else it lives for 0 seconds
        view = owner.views.setdefault(peer, View())
        view.last_seq += 1
        message = {**message, "seq": view.last_seq}
        view.messages.append(message)
        add_contact(owner, peer)
        if in_mailbox:
            cursor = add_to_mailbox(owner, message)
    for session in owner.sessions.values():
        if session.stream and session is not sent_from:  # STR-009, STR-010
            put_event(session.stream, "message", {"path": "live", "message": message}, cursor)
    return message

# ---- Permissions ---------------------------------------------------------------------------------
# PRM-002: whether the sender lists the recipient, and the other way round
NO_FRIENDS = {(False, False): "not_friends", (True, False): "not_in_recipient_list"}
NO_FRIENDS[False, True] = "recipient_not_in_list"

def check_permission(sender: User, recipient: User) -> bool:
    """PRM-001 to PRM-004, PRM-012 to PRM-017: refuses, or tells whether the message reaches the recipient."""
    choice = recipient.accept_from
    if choice == "friends" or (choice == "policy" and app.policy["messaging"] == "friends_only"):
        lists = (recipient.user_id in sender.friends, sender.user_id in recipient.friends)
        if lists in NO_FRIENDS:
            raise Refused(403, NO_FRIENDS[lists], "sender and recipient are not friends")
    is_blocked = sender.user_id in recipient.blocklist
    if is_blocked and app.policy["block_visibility"] == "explicit":
        raise Refused(403, "blocked_by_recipient", "the recipient blocks the sender")
    return not is_blocked

def are_friends(one: User, other: User) -> bool:  # SYS-005
    return other.user_id in one.friends and one.user_id in other.friends

def get_list(call: Call) -> Json:  # HTT-011: `friends` and `blocklist`
    name = call.path.removeprefix("/v1/")
    return list_page(name, getattr(call.caller.user, name), call)

def change_list(call: Call) -> None:
    """PRM-006 to PRM-011, SYS-005 to SYS-007: `PUT` and `DELETE` of a friend or of a block."""
    user, peer_id = call.caller.user, id_in_path(call, "peer")
    if peer_id == user.user_id:
        raise invalid("peer")
    peer = existing_user(peer_id)
    were_friends = are_friends(user, peer)
    name = call.path.split("/")[2]
    ids = getattr(user, name)
    if call.method == "DELETE":
        ids.discard(peer_id)
    elif name == "friends" and peer_id in user.blocklist:
        raise Refused(409, "peer_blocked", "unblock the peer first")
    elif peer_id not in ids and len(ids) >= LIMITS[f"{name}_max"]:
        raise Refused(409, "relation_limit", "the list is full")
    else:
        ids.add(peer_id)
        if name == "blocklist":
            user.friends.discard(peer_id)
    if are_friends(user, peer) != were_friends:
        event = "friend_removed" if were_friends else "friend_added"
        notify(user, event, {"user_id": peer_id})
        notify(peer, event, {"user_id": user.user_id})

# ---- Sender information --------------------------------------------------------------------------
def snapshot(sender: User) -> Json:  # SDR-001 to SDR-005
    if sender.user_id.startswith("@"):
        return {"role": sender.user_id.removeprefix("@")}
    profile = {"nickname": sender.nickname, "avatar_url": sender.avatar_url}
    return {"role": "user", **{name: value for name, value in profile.items() if value is not None}}

PROFILE: dict[str, Check] = {"nickname?": nullable(is_nickname), "avatar_url?": nullable(is_url)}  # SDR-006
OWN_PROFILE: dict[str, Check] = {**PROFILE, "accept_from?": matches("policy|anyone|friends")}  # PRM-018

def profile_of(user: User) -> Json:  # SDR-007, SDR-008
    return {"user_id": user.user_id, "nickname": user.nickname, "avatar_url": user.avatar_url}

def own_profile(call: Call) -> Json:  # HTT-004, PRM-018, SDR-006
    if call.method == "PUT":
        change_profile(call.caller.user, read_fields(call.json, OWN_PROFILE))
    return {**profile_of(call.caller.user), "accept_from": call.caller.user.accept_from}

def change_profile(user: User, changes: Json) -> None:  # HTT-004, SYS-008, SYS-009
    before = profile_of(user)
    for name, value in changes.items():
        setattr(user, name, value)
    if profile_of(user) != before:
        for friend in (app.users[friend_id] for friend_id in user.friends):
            if are_friends(user, friend):
                notify(friend, "profile_changed", profile_of(user), lifetime_s=0)

# ---- System notifications ------------------------------------------------------------------------
def notify(to: User, event: str, data: Json, **delivery: Any) -> None:
    """SYS-005, SYS-006, SYS-008 to SYS-010: a built-in event."""
    content = {"type": "system", "event": event, "data": canonical(data)}
    accept({"content": content, "stored_bytes": len(canonical(content).encode()), **delivery}, SYSTEM, to)

def send_notification(call: Call) -> Json:  # SYS-002 to SYS-004
    draft = {**read_targets(call.json), **read_fields(call.json, DELIVERY)}
    event = read_fields(call.json, {"event": is_event, "data": is_string})
    return send_to_targets(weighed({**draft, "content": {"type": "system", **event}}), SYSTEM)

# ---- Event stream --------------------------------------------------------------------------------
def put_event(stream: Stream, name: str, data: Json, cursor: int | None = None) -> None:
    """STR-002, STR-003, STR-011, STR-012: JSON on one line keeps the frame whole."""
    id_line = "" if cursor is None else f"id: {cursor}\n"
    stream.put(f"event: {name}\n{id_line}data: {json.dumps(data)}\n\n".encode())

def open_stream(call: Call) -> Stream:
    """STR-005 to STR-007, STR-013, STR-018 to STR-020: the whole sync is in line before anything live."""
    close_stream(call.caller)
    user, stream, seen = call.caller.user, Stream(), call.headers.get("Last-Event-ID")
    skipped_to = int(seen) if is_cursor(seen) and int(seen) <= user.last_cursor else 0
    for cursor, message in waiting(user).items():
        if cursor > skipped_to:
            put_event(stream, "message", {"path": "offline", "message": message}, cursor)
    put_event(stream, "recents", recents_of(user))
    put_event(stream, "sync_done", {})
    call.caller.stream = stream
    return stream

def close_stream(session: Session, reason: str | None = None) -> None:  # STR-020, STR-021, DEV-006, DEV-008
    if session.stream:
        if reason:
            put_event(session.stream, "kicked", {"reason": reason})
        session.stream.put(None)
        session.stream = None

# ---- Offline cache -------------------------------------------------------------------------------
def waiting(user: User) -> dict[int, Json]:  # OFF-010, OFF-011: the mailbox without what has expired
    now, ttl_ms = now_ms(), 1000 * LIMITS["offline_ttl_s"]
    for cursor, message in list(user.mailbox.items()):
        if now >= min(message["expires_ms"], message["time_ms"] + ttl_ms):
            del user.mailbox[cursor]
    return user.mailbox

def add_to_mailbox(user: User, message: Json) -> int | None:
    """OFF-001 to OFF-009, STR-014, SYS-013, SYS-014: the new entry's cursor, None for what is too large."""
    is_system = message["from"] == "@system"
    bytes_max = math.inf if is_system else LIMITS["offline_bytes_max"] or math.inf
    count_max = LIMITS["offline_system_messages_max" if is_system else "offline_messages_max"] or math.inf
    if message["stored_bytes"] > bytes_max:
        return None
    user.last_cursor += 1
    mailbox = waiting(user)
    mailbox[user.last_cursor] = message
    counted = [cursor for cursor in mailbox if (mailbox[cursor]["from"] == "@system") == is_system]
    while len(counted) > count_max or sum(mailbox[cursor]["stored_bytes"] for cursor in counted) > bytes_max:
        del mailbox[counted.pop(0)]
    return user.last_cursor

def acknowledge(call: Call) -> None:  # IDN-010, OFF-012, STR-016, STR-017
    user, upto = call.caller.user, int(read_fields(call.json, {"cursor": is_cursor})["cursor"])
    if upto > user.last_cursor:
        raise Refused(400, "invalid_cursor", "no such cursor has been issued")
    user.mailbox = {cursor: message for cursor, message in user.mailbox.items() if cursor > upto}

# ---- Recent contacts -----------------------------------------------------------------------------
def recents_of(user: User) -> Json:
    """REC-002, REC-003, REC-005, REC-006, REC-008: who has no message left is no contact any more."""
    newest = {peer: messages[-1] for peer in user.contacts if (messages := user.views[peer].unexpired())}
    user.contacts = set(newest)
    contacts = [{"peer": peer, "message": message} for peer, message in newest.items()]
    contacts.sort(key=lambda contact: contact["message"]["message_id"], reverse=True)
    return {"recents": contacts}

def add_contact(user: User, peer: str) -> None:  # REC-001, REC-004, SYS-011
    if peer != "@system":
        user.contacts.add(peer)
        kept = recents_of(user)["recents"][: LIMITS["recent_contacts_max"]]
        user.contacts = {contact["peer"] for contact in kept}

# ---- Roaming -------------------------------------------------------------------------------------
def owner_of(call: Call) -> User:  # ADM-019: whose views are read
    return user_in_path(call) if "user_id" in call.ids else call.caller.user

def view_in_path(call: Call) -> View:  # ROA-011, ADM-021, IDN-005
    owner, peer = owner_of(call), id_in_path(call, "peer")
    if peer not in owner.views and peer not in ("@admin", "@system"):
        existing_user(peer)
    return owner.views.get(peer, View())

def get_conversations(call: Call) -> Json:  # ROA-002, ADM-019
    page_limit(call)  # ERR-007: a wrong limit goes before an unknown owner
    views = {peer: view for peer, view in owner_of(call).views.items() if view.unexpired()}
    page = list_page("conversations", views, call)
    page["conversations"] = [
        {"peer": peer, "first_seq": view.messages[0]["seq"], "last_seq": view.last_seq,
         "last_time_ms": view.messages[-1]["time_ms"]}
        for peer in page["conversations"] if (view := views[peer])
    ]  # fmt: skip
    return page

def get_history(call: Call) -> Json:  # ROA-003 to ROA-010
    limit, before, after = page_limit(call), query_integer(call, "before"), query_integer(call, "after")
    view = view_in_path(call)
    unexpired = view.unexpired()
    low = 1 if after is None else after + 1
    high = view.last_seq if before is None else min(before - 1, view.last_seq)
    window = [message for message in unexpired if low <= message["seq"] <= high]
    forward = after is not None and before is None
    page = window[:limit] if forward else window[-limit:]
    complete = len(page) == len(window)
    covered = {"from": low, "to": high} if low <= high else None
    if covered and not complete:
        covered |= {"to": page[-1]["seq"]} if forward else {"from": page[0]["seq"]}
    first_seq = unexpired[0]["seq"] if unexpired else None
    bounds = {"first_seq": first_seq, "last_seq": view.last_seq}
    return {"messages": page, "covered": covered, "complete": complete, **bounds}

# ---- Devices and sessions ------------------------------------------------------------------------
LOGIN: dict[str, Check] = {"user_id": is_user_id, "device_id": is_device_id, "platform": is_platform}

def log_in(call: Call) -> tuple[int, Json]:  # DEV-001 to DEV-005, SEC-002, IDN-007
    user, login = call.caller, read_fields(call.json, LOGIN)
    if login["user_id"] != user.user_id:
        raise unknown_token()
    for other in list(user.sessions.values()):
        if other.device_id == login["device_id"] or app.policy["multi_login"] == "single":
            end_session(other, "replaced")
    if len(user.sessions) >= LIMITS["sessions_max"]:
        end_session(min(user.sessions.values(), key=lambda other: other.last_use), "session_limit")
    session = Session(user, login["device_id"], login["platform"], last_use=next(app.counter))
    user.sessions[session.device_id] = session
    return 201, {"session_token": new_token(session), **login, "now_ms": now_ms()}

def end_session(session: Session, reason: str | None = None) -> None:  # DEV-006 to DEV-008
    del session.user.sessions[session.device_id]
    close_stream(session, reason)

# ---- Administration ------------------------------------------------------------------------------
POLICY = {  # the default first: ADM-024
    "messaging": "anyone|friends_only", "block_visibility": "silent|explicit", "multi_login": "all|single",
}  # fmt: skip
app.policy = {name: values.split("|")[0] for name, values in POLICY.items()}

def put_user(call: Call) -> Json | tuple[int, Json]:  # ADM-001 to ADM-003, IDN-001
    changes = read_fields(call.json, {**PROFILE, "rotate_credential?": of_type(bool)})
    user_id = call.ids["user_id"]
    if not is_new_user_id(user_id):
        raise invalid("user_id")
    is_new = user_id not in app.users
    rotate = changes.pop("rotate_credential", False) or is_new
    user = app.users.setdefault(user_id, User(user_id, now_ms()))
    change_profile(user, changes)
    answer = get_user(call)
    if rotate:
        app.tokens.pop(user.credential, None)
        answer["credential"] = new_token(user)
        user.credential = digest(answer["credential"])
    return (201, answer) if is_new else answer

def get_user(call: Call) -> Json:  # ADM-002
    user = user_in_path(call)
    return {**profile_of(user), "created_ms": user.created_ms}

def delete_user(call: Call) -> None:  # ADM-005 to ADM-008, SYS-006
    user = user_in_path(call)
    for session in list(user.sessions.values()):
        end_session(session, "user_deleted")
    del app.tokens[user.credential], app.users[user.user_id]
    app.keys = {name: key for name, key in app.keys.items() if name[1] != user.user_id}
    for other in app.users.values():
        if are_friends(user, other):
            notify(other, "friend_removed", {"user_id": user.user_id})
        other.friends.discard(user.user_id)
        other.blocklist.discard(user.user_id)

def get_presence(call: Call) -> Json:  # ADM-009
    user = user_in_path(call)
    sessions = [{"device_id": name, "platform": session.platform, "streaming": session.stream is not None}
                for name, session in sorted(user.sessions.items())]  # fmt: skip
    open_streams = sum(session["streaming"] for session in sessions)
    return {"user_id": user.user_id, "open_streams": open_streams, "sessions": sessions}

def policy(call: Call) -> Json:  # ADM-010, DEV-004
    if call.method == "PUT":
        app.policy |= read_fields(call.json, {f"{name}?": matches(values) for name, values in POLICY.items()})
    return app.policy

def read_targets(body: Json) -> Json:  # ADM-016
    if ("to" in body) == ("to_users" in body):
        raise invalid("to")
    draft = read_fields(body, {"to": is_user_id} if "to" in body else {"to_users": of_type(list)})
    targets = draft.get("to_users", [body.get("to")])
    if len(targets) > LIMITS["batch_max"]:
        raise Refused(400, "too_many_targets", f"more than {LIMITS['batch_max']}", "to_users")
    if not targets or not all(map(is_user_id, targets)) or len(set(targets)) < len(targets):
        raise invalid("to_users")
    return draft

def send_as_admin(call: Call) -> Json:  # ADM-011, ADM-014
    draft = read_message(call.json, {"from?": is_user_id, "sync_to_sender?": of_type(bool)})
    return send_to_targets({**draft, **read_targets(call.json)}, ADMIN)

def send_to_targets(draft: Json, reserved: User) -> Json:
    """ADM-011 to ADM-018, ADM-022: `reserved` sends where `from` names nobody else."""
    from_id = draft.get("from", reserved.user_id)

    def send() -> Json:
        sender = reserved if from_id == reserved.user_id else existing_user(from_id, "from")
        to_sender = draft.get("sync_to_sender", False) and sender is not reserved
        if "to" in draft:
            return accept(draft, sender, existing_user(draft["to"], "to"), to_sender=to_sender)
        results = []
        for target in draft["to_users"]:
            try:
                message = accept(draft, sender, existing_user(target), to_sender=to_sender)
                results.append({"to": target, "message": message})
            except Refused as refused:
                results.append({"to": target, "error": refused.body})
        return {"results": results}

    return answer_once("@admin", from_id, draft, send)

def download(call: Call) -> Json:  # ADM-020, ADM-021, ADM-023
    limit, after, to_ms = page_limit(call), query_integer(call, "after") or 0, query_integer(call, "to_ms")
    period = range(query_integer(call, "from_ms") or 0, 2**63 if to_ms is None else to_ms)
    messages = view_in_path(call).unexpired()
    found = [message for message in messages if message["seq"] > after and message["time_ms"] in period]
    return {"messages": found[:limit], "complete": len(found) <= limit}

# ---- Clock ---------------------------------------------------------------------------------------
def now_ms() -> int:  # CLK-001: the real clock, kept from going back
    app.last_ms = max(app.last_ms, time.time_ns() // 1_000_000)
    return app.last_ms

# ---- HTTP: tokens, lists, endpoints --------------------------------------------------------------
@dataclass
class Call:  # a request, read but not checked
    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes | None  # None: longer than any JSON body may be
    ids: dict[str, str] = field(default_factory=dict)  # from the path
    caller: Any = None  # the Session, User or App that the token stands for

    @cached_property
    def json(self) -> Json:
        """ERR-004, LIM-007, LIM-008. Handlers read the body before they check anything else (ERR-007)."""
        if self.body is None:
            raise Refused(413, "body_too_large", f"over {LIMITS['request_bytes_max']} bytes")
        try:
            parsed = json.loads(self.body.decode(), parse_constant=int)  # which refuses NaN
            json.dumps(parsed, ensure_ascii=False).encode()  # fails on an unpaired surrogate
            if isinstance(parsed, dict) and depth(parsed) <= LIMITS["json_depth_max"]:
                return parsed
        except (ValueError, RecursionError):
            pass
        raise Refused(400, "malformed_json", f"a JSON object, nested at most {LIMITS['json_depth_max']} deep")

def depth(value: Any) -> int:  # LIM-008
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0

def digest(token: str) -> bytes:
    """SEC-005: how long it takes to look up a digest tells nothing about the token."""
    return hashlib.sha256(token.encode()).digest()

def new_token(stands_for: User | Session) -> str:  # SEC-004
    token = secrets.token_urlsafe(32)
    app.tokens[digest(token)] = stands_for
    return token

def unknown_token() -> Refused:  # HTT-007, SEC-002
    return Refused(401, "credential_invalid", "unknown token, or not one for this login")

def authenticate(call: Call, who: str) -> App | User | Session | None:  # HTT-006 to HTT-009
    scheme, _, token = call.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        if who == "anybody":
            return None
        raise Refused(401, "credential_missing", "Authorization: Bearer <token>")
    caller = app.tokens.get(digest(token.strip()))
    if caller is None:
        raise unknown_token()
    if isinstance(caller, Session):
        if caller.user.sessions.get(caller.device_id) is not caller:
            raise Refused(401, "session_ended", "log in again")
        caller.last_use = next(app.counter)  # DEV-005
    wanted = {"admin": App, "credential": User, "session": Session, "anybody": object}
    if not isinstance(caller, wanted[who]):
        raise Refused(403, f"{who}_required", f"this endpoint is called with another token: {who}")
    return caller

def query_integer(call: Call, name: str) -> int | None:  # ROA-010, ADM-023, HTT-014
    if name in call.query and not re.fullmatch("[0-9]{1,1000}", call.query[name]):
        raise invalid(name)
    return int(call.query[name]) if name in call.query else None

def page_limit(call: Call) -> int:  # HTT-013, HTT-014
    limit = query_integer(call, "limit")
    if limit == 0:
        raise invalid("limit")
    return min(limit or math.inf, LIMITS["history_page_max"])

def list_page(name: str, ids: Any, call: Call) -> Json:  # HTT-011 to HTT-013
    rest = sorted(entry for entry in ids if entry > call.query.get("after", ""))
    limit = page_limit(call)
    return {name: rest[:limit], "complete": len(rest) <= limit}

def get_server(call: Call) -> Json:  # HTT-015, HTT-016, VER-001
    implementation = {"name": "minimal-server", "version": "1.0.0"}
    answer: Json = {"protocol_version": "1.0", "implementation": implementation, "features": []}
    if call.caller:
        answer["app"] = {"app_id": app.app_id, "profile": "default", "clock": "real", "push_vendors": []}
        answer["app"] |= {"policy": app.policy, "limits": LIMITS}
    return answer

def unsupported(call: Call) -> None:  # ERR-010
    raise Refused(501, "unsupported", "the feature of this endpoint is not declared")

# Whose token a path takes (None: an endpoint of a feature), and what answers its methods.
ROUTES: dict[str, tuple[str | None, dict[str, Callable[[Call], Any]]]] = {
    "/v1/server": ("anybody", {"GET": get_server}),
    "/v1/apps": (None, {"POST": unsupported}),
    "/v1/apps/{app}": (None, {"DELETE": unsupported}),
    "/v1/admin/users/{user_id}": ("admin", {"PUT": put_user, "GET": get_user, "DELETE": delete_user}),
    "/v1/admin/users/{user_id}/presence": ("admin", {"GET": get_presence}),
    "/v1/admin/policy": ("admin", {"GET": policy, "PUT": policy}),
    "/v1/admin/messages": ("admin", {"POST": send_as_admin}),
    "/v1/admin/notifications": ("admin", {"POST": send_notification}),
    "/v1/admin/conversations/{user_id}": ("admin", {"GET": get_conversations}),
    "/v1/admin/conversations/{user_id}/{peer}/messages": ("admin", {"GET": download}),
    "/v1/admin/clock": (None, {"POST": unsupported}),
    "/v1/sessions": ("credential", {"POST": log_in}),
    "/v1/sessions/current": ("session", {"DELETE": lambda call: end_session(call.caller)}),
    "/v1/events": ("session", {"GET": open_stream}),
    "/v1/events/ack": ("session", {"POST": acknowledge}),
    "/v1/messages": ("session", {"POST": send_as_user}),
    "/v1/recents": ("session", {"GET": lambda call: recents_of(call.caller.user)}),
    "/v1/conversations": ("session", {"GET": get_conversations}),
    "/v1/conversations/{peer}/messages": ("session", {"GET": get_history}),
    "/v1/profile": ("session", {"GET": own_profile, "PUT": own_profile}),
    "/v1/users/{user_id}/profile": ("session", {"GET": lambda call: profile_of(user_in_path(call))}),
    "/v1/friends": ("session", {"GET": get_list}),
    "/v1/friends/{peer}": ("session", {"PUT": change_list, "DELETE": change_list}),
    "/v1/blocklist": ("session", {"GET": get_list}),
    "/v1/blocklist/{peer}": ("session", {"PUT": change_list, "DELETE": change_list}),
    "/v1/push-token": (None, {"PUT": unsupported, "DELETE": unsupported}),
    "/v1/media": (None, {"POST": unsupported}),
    "/v1/media/{id}": (None, {"GET": unsupported}),
}
PATTERNS = {path: re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]*)", path)) for path in ROUTES}

def answer_to(call: Call) -> Any:
    """ERR-005 to ERR-008: the first steps of the order of checks; the handlers go on with the others."""
    found = [(path, match) for path in ROUTES if (match := PATTERNS[path].fullmatch(call.path))]
    if not found:
        raise Refused(404, "not_found", "no such path")
    path, match = found[0]
    who, methods = ROUTES[path]
    if call.method not in methods:
        raise Refused(405, "method_not_allowed", "no such method here", Allow=", ".join(methods))
    # IDN-006: the path is already split; broken UTF-8 becomes a character that no id has.
    for name, raw in match.groupdict().items():
        call.ids[name] = unquote_to_bytes(raw).decode(errors="replace")
    call.caller = who and authenticate(call, who)
    return methods[call.method](call)

# ---- HTTP: the connection ------------------------------------------------------------------------
class Connection(BaseHTTPRequestHandler):  # which reads request lines and headers
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 300  # SEC-009: seconds a client may be silent

    def __getattr__(self, name: str) -> Any:
        """The library asks for `do_GET` and so on; all methods are answered alike."""
        return self.serve if name.startswith("do_") else self.__getattribute__(name)

    def log_message(self, *_: Any) -> None:  # SEC-006: nothing
        pass

    def serve(self) -> None:
        try:
            body = self.read_body()
        except ValueError:
            return self.send_error(400)
        path, _, query = re.sub("(?i)^https?://[^/?]*", "", self.requestline.split()[1]).partition("?")
        query_fields = dict(parse_qsl(query, keep_blank_values=True))
        call = Call(self.command, path, query_fields, self.headers, body)
        try:
            with lock:
                answer = answer_to(call)
        except Refused as refused:
            return self.write_json(refused.status, refused.body, **refused.headers)
        except Exception as error:
            traceback.print_tb(error.__traceback__)  # where it was, and nothing of the request (SEC-006)
            return self.write_json(500, Refused(500, "internal", "the server failed").body)
        if isinstance(answer, Stream):
            return self.write_stream(call.caller, answer)
        status, answer = answer if isinstance(answer, tuple) else (200 if answer else 204, answer)
        self.write_json(status, answer)

    def read_body(self) -> bytes | None:
        """LIM-007: a body that is too long is read to its end and dropped, so that its sender hears why."""
        body = b""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := size_of(self.rfile.readline(1000).split(b";")[0].decode(), 16):
                body = self.read_more(body, size)
                self.rfile.readline(2)
            while self.rfile.readline(65536).strip():
                pass  # trailers
        else:
            body = self.read_more(body, size_of(self.headers.get("Content-Length", "0"), 10))
        return body if len(body) <= LIMITS["request_bytes_max"] else None

    def read_more(self, body: bytes, size: int) -> bytes:
        while size:
            piece = self.rfile.read(min(size, 65536))
            if not piece:
                raise ValueError("the body ends too early")
            size -= len(piece)
            body = (body + piece)[: LIMITS["request_bytes_max"] + 1]
        return body

    def write_json(self, status: int, body: Json | None, **headers: str) -> None:  # HTT-002, HTT-003
        payload = json.dumps(body).encode() if body else b""
        if body:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(payload))}
        self.write(status, headers, b"" if self.command == "HEAD" else payload)

    def write(self, status: int, headers: dict[str, str], payload: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    def write_stream(self, session: Session, stream: Stream) -> None:
        """STR-001, STR-004, STR-022: writes until the stream is ended or the connection is gone."""
        heartbeat_ms = LIMITS["heartbeat_ms"]
        self.connection.settimeout(None)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # or else the system may wait for a vanished client for long
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, heartbeat_ms)
        threading.Thread(target=self.watch, args=[stream], daemon=True).start()
        head = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "Connection": "close"}
        with suppress(OSError):  # the client has gone
            self.write(200, head)
            while frame := next_frame(stream, heartbeat_ms / 2000):
                self.wfile.write(frame)
            self.connection.shutdown(socket.SHUT_RDWR)
        with lock:
            if session.stream is stream:
                session.stream = None

    def watch(self, stream: Stream) -> None:  # STR-022
        with suppress(OSError):
            while self.connection.recv(4096):
                pass
        stream.put(None)

def next_frame(stream: Stream, seconds: float) -> bytes | None:  # STR-004
    try:
        return stream.get(timeout=seconds)
    except queue.Empty:
        return b":\n\n"

def size_of(digits: str, base: int) -> int:
    if not digits.strip().isalnum():
        raise ValueError("a sign or nothing")
    return int(digits, base)

# ---- Errors --------------------------------------------------------------------------------------
class Refused(Exception):
    """ERR-001, ERR-002: an error answer. Whoever raises it has changed nothing yet (ERR-008)."""

    def __init__(self, status: int, code: str, message: str, name: str | None = None, **headers: str) -> None:
        self.status = status
        self.headers = {"WWW-Authenticate": "Bearer"} if status == 401 else headers  # HTT-010
        self.body = {"code": code, "message": message} | ({"field": name} if name else {})

def invalid(name: str) -> Refused:  # ERR-003, SND-013
    code = "invalid_lifetime" if name == "lifetime_s" else "invalid_field"
    return Refused(400, code, f"{name} is missing, or not what its table allows", name)

# ---- Limits --------------------------------------------------------------------------------------
LIMITS: Json = {  # LIM-001: the profile `default`
    "recent_contacts_max": 100, "offline_ttl_s": 604800, "offline_bytes_max": 30720,
    "offline_messages_max": 100, "offline_system_messages_max": 100, "roaming_ttl_s": 604800,
    "message_bytes_max": 12288, "image_bytes_max": 29360128, "audio_bytes_max": 29360128,
    "file_bytes_max": 104857600, "video_bytes_max": 104857600, "history_page_max": 100, "batch_max": 500,
    "friends_max": 3000, "blocklist_max": 1000, "sessions_max": 10, "dedup_window_s": 600,
    "heartbeat_ms": 15000, "nickname_bytes_max": 128, "url_bytes_max": 1024, "json_depth_max": 16,
    "request_bytes_max": 65536,
}  # fmt: skip

# ---- Running -------------------------------------------------------------------------------------
lock = threading.Lock()

def main() -> None:
    token = os.environ.get("DUOLOGUE_ADMIN_TOKEN") or sys.exit("set DUOLOGUE_ADMIN_TOKEN")
    app.tokens[digest(token)] = app
    ThreadingHTTPServer.request_queue_size = 1000  # many may connect at once
    with ThreadingHTTPServer(("127.0.0.1", 0), Connection) as server:
        print(json.dumps({"listening": f"http://127.0.0.1:{server.server_port}"}), flush=True)
        server.serve_forever()

if __name__ == "__main__":
    main()
