"""Provinces typed as text become codes (GB/T 2260). What names no province is emptied: its company chooses again."""

from django.db import migrations

ENGLISH = """
11 Beijing; 12 Tianjin; 13 Hebei; 14 Shanxi; 15 Inner Mongolia; 21 Liaoning; 22 Jilin; 23 Heilongjiang;
31 Shanghai; 32 Jiangsu; 33 Zhejiang; 34 Anhui; 35 Fujian; 36 Jiangxi; 37 Shandong; 41 Henan; 42 Hubei;
43 Hunan; 44 Guangdong; 45 Guangxi; 46 Hainan; 50 Chongqing; 51 Sichuan; 52 Guizhou; 53 Yunnan;
54 Xizang (Tibet); 61 Shaanxi; 62 Gansu; 63 Qinghai; 64 Ningxia; 65 Xinjiang; 71 Taiwan; 81 Hong Kong;
82 Macao
"""
CHINESE = """
11 北京市; 12 天津市; 13 河北省; 14 山西省; 15 内蒙古自治区; 21 辽宁省; 22 吉林省; 23 黑龙江省; 31 上海市;
32 江苏省; 33 浙江省; 34 安徽省; 35 福建省; 36 江西省; 37 山东省; 41 河南省; 42 湖北省; 43 湖南省; 44 广东省;
45 广西壮族自治区; 46 海南省; 50 重庆市; 51 四川省; 52 贵州省; 53 云南省; 54 西藏自治区; 61 陕西省;
62 甘肃省; 63 青海省; 64 宁夏回族自治区; 65 新疆维吾尔自治区; 71 台湾省; 81 香港特别行政区;
82 澳门特别行政区
"""


def names(table):
    return dict(entry.split(maxsplit=1) for entry in " ".join(table.split()).split("; "))


def short(text):
    """`Jiangxi Province` is `Jiangxi`, 江西省 is 江西."""
    text = text.strip().casefold().removesuffix(" province")
    for tail in ("壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "特别行政区", "省", "市"):
        text = text.removesuffix(tail)
    return text


def to_codes(apps, schema_editor):
    codes = {short(name): code for table in (ENGLISH, CHINESE) for code, name in names(table).items()}
    Exporter = apps.get_model("exporters", "Exporter")
    for row in Exporter.objects.using(schema_editor.connection.alias).exclude(province=""):
        row.province = codes.get(short(row.province), "")
        row.save(update_fields=["province"])


def to_names(apps, schema_editor):
    english = names(ENGLISH)
    Exporter = apps.get_model("exporters", "Exporter")
    for row in Exporter.objects.using(schema_editor.connection.alias).exclude(province=""):
        row.province = english[row.province]
        row.save(update_fields=["province"])


class Migration(migrations.Migration):
    dependencies = [("exporters", "0003_code_held_by_the_verified")]

    operations = [migrations.RunPython(to_codes, to_names)]
