"""Forms of sign-in and password change."""

from django import forms


class SignInForm(forms.Form):
    error_title = "没有登录"

    login = forms.CharField(
        label="账号",
        max_length=64,
        help_text="用学校发的账号；忘了账号或密码，找本校教务管理员",
        error_messages={"required": "填写账号。"},
        widget=forms.TextInput(attrs={"autocomplete": "username", "inputmode": "text"}),
    )
    password = forms.CharField(
        label="密码",
        max_length=128,
        strip=False,
        error_messages={"required": "填写密码。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class LoginForm(forms.Form):
    """Names one account."""

    error_title = "没有找到"

    login = forms.CharField(
        label="账号",
        max_length=64,
        error_messages={"required": "填写账号。"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PasswordForm(forms.Form):
    error_title = "密码没有改"

    old = forms.CharField(
        label="现在的密码",
        strip=False,
        max_length=128,
        error_messages={"required": "填写现在的密码。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="新密码",
        strip=False,
        max_length=128,
        error_messages={"required": "填写新密码。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="新密码再填一次",
        strip=False,
        max_length=128,
        error_messages={"required": "把新密码再填一次。"},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_again(self) -> str:
        again = str(self.cleaned_data["again"])
        if again != self.cleaned_data.get("new"):
            raise forms.ValidationError("两次填的新密码不一样，重新填。")
        return again
