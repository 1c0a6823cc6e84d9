"""A mail server of the tests' own, and what still waits for it."""

from smtplib import SMTPRecipientsRefused

from core.models import Delivery


class MailServer:
    """What took the place of the mail server: down, or refusing some, and what it took."""

    def __init__(self):
        self.down = False
        self.answers = {}  # address: the exception that it is answered with
        self.took = []  # (address, message id)
        self.subjects = []  # (address, subject)

    def take(self, mail):
        if self.down:
            raise ConnectionRefusedError("no mail server")
        [to] = mail.to
        if to in self.answers:
            raise self.answers[to]
        self.subjects.append((to, mail.subject))
        self.took.append((to, mail.extra_headers["Message-ID"]))


server = MailServer()


class Backend:
    def __init__(self, **_):
        pass

    def send_messages(self, mails):
        for mail in mails:
            server.take(mail)


def refusal(address, code):
    return SMTPRecipientsRefused({address: (code, b"not here")})


def waiting(*fields):
    mail = Delivery.objects.filter(consumer="mail", delivered_at=None, ended_at=None)
    return list(mail.order_by("to").values_list(*fields))
