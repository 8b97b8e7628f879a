"""Mail: Apprise reads the address (servers, logins, senders, recipients), the letter and the conversation are ours.

Apprise's own letter makes its plain text out of the HTML, losing where links lead, takes a new Message-ID for every attempt, and
keeps the server's reply to itself. Ours has both texts as written, and a Message-ID made of the key, by which mail servers and
programs know a repeat.
"""

from __future__ import annotations

import contextlib
import hashlib
import smtplib
import ssl
from collections.abc import Iterator
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from telephony_bridge.notices.answers import Message, Sent, judged, of_smtp


def post(mail: Any, message: Message, *, timeout: float, now: datetime) -> Sent:
    """Posts one letter to each recipient of an address (Apprise's ``NotifyEmail``); ``timeout`` in seconds for each exchange."""
    answers: list[Sent] = []
    try:
        with _conversation(mail, timeout) as smtp:
            for target in mail.targets:
                answers += _replies(smtp, mail, target, message, now)
    except smtplib.SMTPException as trouble:
        answers.append(_meaning(trouble))
    except ssl.SSLError:  # a certificate that ran out is renewed
        answers.append(Sent("later", "encryption failed"))
    except OSError as trouble:
        answers.append(Sent("later", "timed out" if isinstance(trouble, TimeoutError) else "no connection"))
    except (ValueError, MessageError):  # no letter can carry such an address or header
        answers.append(Sent("refused", "address not understood"))
    return judged(answers, taken=bool(answers) and all(one.outcome == "sent" for one in answers))


@contextlib.contextmanager
def _conversation(mail: Any, timeout: float) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context()
    if not mail.verify_certificate:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    smtp: smtplib.SMTP
    if mail.secure_mode == "ssl":
        smtp = smtplib.SMTP_SSL(mail.smtp_host, mail.port, timeout=timeout, context=context)
    else:
        smtp = smtplib.SMTP(mail.smtp_host, mail.port, timeout=timeout)
    try:
        if mail.secure_mode == "starttls":
            smtp.starttls(context=context)
        if mail.user and mail.password:
            smtp.login(mail.user, mail.password)
        smtp.ehlo_or_helo_if_needed()
        yield smtp
    finally:
        with contextlib.suppress(OSError):  # a letter that was taken stays taken, however the server says goodbye
            smtp.quit()


def _replies(smtp: smtplib.SMTP, mail: Any, target: tuple[str | bool, str], message: Message, now: datetime) -> list[Sent]:
    everyone = [target[1], *sorted((mail.cc | mail.bcc) - {target[1]})]
    try:
        missed = smtp.send_message(_letter(mail, target, message, now), mail.from_addr[1], everyone)
    except smtplib.SMTPRecipientsRefused as refused:
        missed = refused.recipients
    except smtplib.SMTPResponseException as refused:
        return [of_smtp(refused.smtp_code)]
    return [of_smtp(code) for code, _ in missed.values()] or [of_smtp(250)]


def _letter(mail: Any, target: tuple[str | bool, str], message: Message, now: datetime) -> EmailMessage:
    letter = EmailMessage(policy=SMTP)
    letter["Subject"] = " ".join(message.title.split())
    letter["From"] = _address(*mail.from_addr)
    letter["To"] = _address(*target)
    if mail.cc:
        letter["Cc"] = [_address(mail.names.get(one), one) for one in sorted(mail.cc)]
    if mail.reply_to:
        letter["Reply-To"] = [_address(mail.names.get(one), one) for one in sorted(mail.reply_to)]
    letter["Date"] = now
    identity = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    letter["Message-ID"] = f"<{identity}@{mail.from_addr[1].rpartition('@')[2]}>"
    letter["X-Notice-Key"] = message.key
    letter["Auto-Submitted"] = "auto-generated"  # holiday responders keep silent
    for name, value in mail.headers.items():
        letter[name] = value
    letter.set_content(message.text, cte="base64")
    letter.add_alternative(message.html, subtype="html", cte="base64")
    return letter


def _address(name: str | bool | None, address: str) -> Address:
    return Address(name if isinstance(name, str) else "", addr_spec=address)


def _meaning(trouble: smtplib.SMTPException) -> Sent:
    """What an exception outside of a letter means: no conversation came about, or it broke off."""
    if isinstance(trouble, (smtplib.SMTPConnectError, smtplib.SMTPHeloError)):
        return Sent("later", f"SMTP {trouble.smtp_code}")  # a server that talks to nobody now, whatever digit it chooses
    if isinstance(trouble, smtplib.SMTPResponseException):
        return of_smtp(trouble.smtp_code)
    if isinstance(trouble, smtplib.SMTPServerDisconnected):
        return Sent("later", "timed out" if isinstance(trouble.__context__, TimeoutError) else "no connection")
    return Sent("refused", "SMTP without the login or encryption that the address demands")
