"""How numbers are shown by default: enough to recognise, too little to misuse (GB/T 22239 个人信息保护)."""


def mask_number(number: str | None) -> str:
    """``340***********0019``; also a 学籍号 with its letter. Blank stays blank."""
    if not number:
        return ""
    head = 4 if number[0].isalpha() else 3
    return number[:head] + "*" * (len(number) - head - 4) + number[-4:]


def mask_phone(phone: str | None) -> str:
    """``138****0017``."""
    if not phone:
        return ""
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:] if len(phone) > 7 else "*" * len(phone)
