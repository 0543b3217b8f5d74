using System.Text.Json;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Appraisal;

/// <content>Bulletins: those of a policy, and those that are built in.</content>
internal sealed partial class PolicyReader
{
    private static readonly string[] s_bulletinKeys = ["id", "title", "cves", "source", "advisory", "requirements"];
    private static readonly string[] s_requirementKeys = ["minimum_tcb", "minimum_firmware", "platform", "mitigations"];

    private List<Bulletin> PolicyBulletins(Dictionary<string, JsonPlace> members)
    {
        Dictionary<string, JsonPlace> changes = Within(members, "bulletins", "without", "add");
        OrderedDictionary<string, Bulletin> builtIn = new(StringComparer.Ordinal);
        foreach (Bulletin bulletin in KnownBulletins.All)
            builtIn.Add(bulletin.Id, bulletin);
        List<string> without = changes.TryGetValue("without", out JsonPlace list) ? _json.Distinct(list, place => BuiltIn(place, builtIn.Keys)) : [];
        List<Bulletin> bulletins = [.. builtIn.Values.Where(bulletin => !without.Contains(bulletin.Id))];
        if (!changes.TryGetValue("add", out JsonPlace added))
            return bulletins;
        foreach (Bulletin bulletin in BulletinList(added))
        {
            if (bulletins.Exists(known => known.Id == bulletin.Id))
                _json.Wrong(added.Path, $"{JsonReading.Quote(bulletin.Id)} is built in", "name it in bulletins.without to replace it, or give this one another id");
            else
                bulletins.Add(bulletin);
        }
        return bulletins;
    }

    private string? BuiltIn(JsonPlace place, OrderedDictionary<string, Bulletin>.KeyCollection known)
    {
        if (place.Value.ValueKind == JsonValueKind.String && known.Contains(place.Value.GetString()!))
            return place.Value.GetString();
        _json.Wrong(place.Path, $"{JsonReading.Quote(place.Value)} is not a built-in bulletin", "write one of " + string.Join(", ", known));
        return null;
    }

    private List<Bulletin> BulletinList(JsonPlace place)
    {
        List<Bulletin> bulletins = [];
        foreach (JsonPlace item in _json.Items(place))
        {
            Dictionary<string, JsonPlace> members = _json.Members(item, s_bulletinKeys);
            string? id = Needed(item, members, "id") is { } idPlace ? _json.Line(idPlace, 64) : null;
            string? title = Needed(item, members, "title") is { } titlePlace ? _json.Line(titlePlace, 256) : null;
            string? source = Needed(item, members, "source") is { } sourcePlace ? _json.Line(sourcePlace, 512) : null;
            List<string> cves = members.TryGetValue("cves", out JsonPlace list) ? _json.Distinct(list, Cve) : [];
            List<BulletinRequirement> requirements = Needed(item, members, "requirements") is { } lines ? Requirements(lines) : [];
            bool advisory = members.TryGetValue("advisory", out JsonPlace truth) && _json.Truth(truth) == true;
            if (id is null || title is null || source is null)
                continue;
            if (bulletins.Exists(known => known.Id == id))
                _json.Wrong(item.Path, $"{JsonReading.Quote(id)} comes twice", "keep one of them");
            else
                bulletins.Add(new(id, title, cves, source, requirements, advisory));
        }
        return bulletins;
    }

    private string? Cve(JsonPlace place)
    {
        if (place.Value.ValueKind == JsonValueKind.String && place.Value.GetString()!.Split('-') is ["CVE", { Length: 4 } year, { Length: >= 4 and <= 19 } number]
            && year.All(char.IsAsciiDigit) && number.All(char.IsAsciiDigit))
        {
            return place.Value.GetString();
        }
        _json.Wrong(place.Path, JsonReading.Quote(place.Value), "write it as \"CVE-2024-56161\"");
        return null;
    }

    private List<BulletinRequirement> Requirements(JsonPlace place)
    {
        List<BulletinRequirement> requirements = [];
        foreach ((string word, JsonPlace item) in _json.Members(place, s_lines))
        {
            ProductLine line = PolicyWords.Lines[word];
            int problems = Problems.Count;
            Dictionary<string, JsonPlace> members = _json.Members(item, s_requirementKeys);
            Dictionary<string, JsonPlace> mitigations = Within(members, "mitigations", "current", "launch");
            TcbMinimum? tcb = members.TryGetValue("minimum_tcb", out JsonPlace tcbPlace) ? Tcb(tcbPlace, line) : null;
            FirmwareVersion? firmware = members.TryGetValue("minimum_firmware", out JsonPlace firmwarePlace) ? Firmware(firmwarePlace) : null;
            ulong platform = 0;
            if (members.TryGetValue("platform", out JsonPlace bits))
            {
                foreach (ulong bit in _json.Words(bits, PolicyWords.PlatformBits))
                    platform |= bit;
            }
            ulong current = mitigations.TryGetValue("current", out JsonPlace currentPlace) ? Vector(currentPlace) ?? 0 : 0;
            ulong launch = mitigations.TryGetValue("launch", out JsonPlace launchPlace) ? Vector(launchPlace) ?? 0 : 0;
            // Empty lists and vectors of zeros are as empty as no key at all.
            if (tcb is null && firmware is null && (platform | current | launch) == 0 && Problems.Count == problems)
                _json.Wrong(item.Path, "asks for nothing", "write a requirement, or remove the product line");
            requirements.Add(new(line, tcb, firmware, platform, current, launch));
        }
        if (requirements.Count == 0 && place.Value.ValueKind == JsonValueKind.Object)
            _json.Wrong(place.Path, "asks for nothing", "write a requirement of at least one product line");
        // In the order of the lines, not of the document: what is read is the same however it was written.
        requirements.Sort((one, other) => one.Line.CompareTo(other.Line));
        return requirements;
    }
}
