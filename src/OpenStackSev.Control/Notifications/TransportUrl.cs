using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OpenStackSev.Control.Notifications;

/// <summary>One node of the broker.</summary>
internal sealed record BrokerAddress(string Host, int Port)
{
    /// <summary>An IPv6 address in brackets.</summary>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

/// <summary>Where a broker is, as every OpenStack service is told: <c>rabbit://user:password@host:port,user:password@host2:port/virtual_host?ssl=1</c>.</summary>
/// <remarks>Source: oslo.messaging, "TransportURL". Its user may stand at the first host only.</remarks>
internal sealed record TransportUrl
{
    public const int Longest = 2000;
    private const int MostHosts = 32;
    private const int PlainPort = 5672;
    private const int SslPort = 5671;
    private const string Scheme = "rabbit://";

    public required IReadOnlyList<BrokerAddress> Hosts { get; init; }
    public required string User { get; init; }
    public required string Password { get; init; }
    public required string VirtualHost { get; init; }

    /// <summary><c>?ssl=1</c>.</summary>
    public bool UsesSsl { get; init; }

    /// <summary>Its password stays out of whatever prints it.</summary>
    public override string ToString() => $"{string.Join(", ", Hosts)}, virtual host {VirtualHost}";

    /// <param name="usesSsl">Also where the URL does not say so; decides the port of hosts that name none.</param>
    /// <param name="problem">What is wrong; it repeats neither user nor password.</param>
    public static bool TryParse(string text, bool usesSsl, [NotNullWhen(true)] out TransportUrl? url, [NotNullWhen(false)] out string? problem)
    {
        url = null;
        if (text.Length > Longest)
            return Fails($"must have at most {Longest} characters", out problem);
        if (!text.StartsWith(Scheme, StringComparison.Ordinal))
            return Fails("begins with rabbit://, as transport_url in nova.conf: other brokers are not spoken to", out problem);
        string rest = text[Scheme.Length..];
        (rest, string query) = Split(rest, '?');
        (string nodes, string path) = Split(rest, '/');
        if (ProblemOfQuery(query, ref usesSsl) is { } wrong)
            return Fails(wrong, out problem);

        string[] parts = nodes.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length is 0 or > MostHosts)
            return Fails($"names {(parts.Length == 0 ? "no host" : $"more than {MostHosts} hosts")}", out problem);
        var hosts = new List<BrokerAddress>();
        (string User, string Password)? credentials = null;
        foreach (string part in parts)
        {
            int at = part.LastIndexOf('@');
            if (at >= 0)
            {
                (string user, string password) = Split(part[..at], ':');
                (string User, string Password) here = (Uri.UnescapeDataString(user), Uri.UnescapeDataString(password));
                if (credentials is not null && credentials != here)
                    return Fails("gives its hosts different users: one user is used for all of them", out problem);
                credentials = here;
            }

            if (Address(part[(at + 1)..], usesSsl) is not { } host)
                return Fails($"host {hosts.Count + 1} is no host:port", out problem);
            hosts.Add(host);
        }

        if (credentials is not { User.Length: > 0, Password.Length: > 0 } known)
            return Fails("has no user and password; give rabbit://user:password@host:port/", out problem);
        string virtualHost = Uri.UnescapeDataString(path);
        (url, problem) = (new TransportUrl
        {
            Hosts = hosts,
            User = known.User,
            Password = known.Password,
            VirtualHost = virtualHost.Length == 0 ? "/" : virtualHost,
            UsesSsl = usesSsl,
        }, null);
        return true;
    }

    /// <summary>Only what says whether TLS is used is of use here; the rest is for oslo.messaging.</summary>
    private static string? ProblemOfQuery(string query, ref bool usesSsl)
    {
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            (string key, string value) = Split(pair, '=');
            if (key != "ssl")
                continue;
            if (value.ToUpperInvariant() is "1" or "TRUE" or "YES" or "ON")
                usesSsl = true;
            else if (value.ToUpperInvariant() is not ("0" or "FALSE" or "NO" or "OFF"))
                return "?ssl= is neither 1 nor 0";
        }

        return null;
    }

    private static BrokerAddress? Address(string text, bool usesSsl)
    {
        string host = text, port = "";
        if (text.StartsWith('['))
        {
            int end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0)
                return null;
            (host, port) = (text[1..end], text[(end + 1)..]);
            if (port.Length > 0 && !port.StartsWith(':'))
                return null;
            port = port.Length > 0 ? port[1..] : "";
        }
        else
        {
            (host, port) = Split(text, ':');
        }

        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
            return null;
        if (port.Length == 0)
            return new BrokerAddress(host, usesSsl ? SslPort : PlainPort);
        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= 65535 ? new BrokerAddress(host, number) : null;
    }

    private static (string Before, string After) Split(string text, char separator)
    {
        int at = text.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
    }

    private static bool Fails(string what, out string problem)
    {
        problem = what;
        return false;
    }
}
