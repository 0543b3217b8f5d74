using System.Globalization;
using System.Xml;

namespace OpenStackSev.Platform;

/// <summary>Reads the parts about SEV out of libvirt's domain capabilities.</summary>
internal static class DomainCapabilitiesXml
{
    /// <summary>Characters; real ones have some ten thousand.</summary>
    public const int LongestText = 1024 * 1024;

    private const int MostWords = 16, LongestWord = 64;
    private const string Root = "domainCapabilities", Sev = Root + "/features/sev", LaunchSecurity = Root + "/features/launchSecurity";

    public static Source<DomainCapabilities> Parse(string text)
    {
        if (text.Length > LongestText)
            return Source<DomainCapabilities>.Malformed($"longer than {LongestText} characters");
        try
        {
            using StringReader characters = new(text);
            using XmlReader reader = XmlReader.Create(characters, new XmlReaderSettings
            {
                DtdProcessing = DtdProcessing.Prohibit,
                XmlResolver = null,
                MaxCharactersInDocument = LongestText,
            });
            return Read(reader);
        }
        catch (XmlException e)
        {
            return Source<DomainCapabilities>.Malformed($"no XML: line {e.LineNumber}, position {e.LinePosition}");
        }
    }

    private static Source<DomainCapabilities> Read(XmlReader reader)
    {
        List<string> path = [], words = [];
        bool? sev = null;
        uint? guests = null, sevEsGuests = null;
        bool isSectype = false, isLaunchSecurity = false;
        while (reader.Read())
        {
            if (reader.NodeType == XmlNodeType.EndElement)
                path.RemoveRange(reader.Depth, path.Count - reader.Depth);
            if (reader.NodeType == XmlNodeType.Element)
            {
                path.RemoveRange(reader.Depth, path.Count - reader.Depth);
                path.Add(reader.LocalName);
                string at = path.Count <= 5 ? string.Join('/', path) : "";
                if (at == Sev)
                    sev = reader.GetAttribute("supported") is { } supported ? supported == "yes" : null;
                else if (at == LaunchSecurity)
                    isLaunchSecurity = reader.GetAttribute("supported") == "yes";
                else if (at == LaunchSecurity + "/enum")
                    isSectype = reader.GetAttribute("name") == "sectype";
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA && path.Count == reader.Depth)
            {
                switch (path.Count <= 5 ? string.Join('/', path) : "")
                {
                    case Sev + "/maxGuests" when !TryNumber(reader.Value, out guests):
                        return Source<DomainCapabilities>.Malformed("maxGuests is no number");
                    case Sev + "/maxESGuests" when !TryNumber(reader.Value, out sevEsGuests):
                        return Source<DomainCapabilities>.Malformed("maxESGuests is no number");
                    case LaunchSecurity + "/enum/value" when isLaunchSecurity && isSectype && words.Count < MostWords && IsWord(reader.Value):
                        words.Add(reader.Value);
                        break;
                }
            }
        }

        return path is [Root, ..] or []
            ? Source<DomainCapabilities>.Found(new DomainCapabilities(sev, guests, sevEsGuests, words))
            : Source<DomainCapabilities>.Malformed($"expected {Root}");
    }

    private static bool TryNumber(string text, out uint? number)
    {
        bool is32Bit = uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint value);
        number = is32Bit ? value : null;
        return is32Bit;
    }

    private static bool IsWord(string text) => text.Length is > 0 and <= LongestWord && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
