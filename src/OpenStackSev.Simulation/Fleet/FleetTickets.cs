using System.Buffers.Text;
using System.Security.Cryptography;

namespace OpenStackSev.Simulation.Fleet;

/// <summary>Tickets of instances, made with the key of a control plane that is only there to be tried.</summary>
/// <remarks>
/// A ticket is <c>key.instance.code</c>: 8 digits of the key's SHA-256, the UUID without hyphens, HMAC-SHA256 over a label and the UUID's 16 bytes.
/// Whoever has this key speaks for every instance of its cloud.
/// </remarks>
public sealed class FleetTickets
{
    private const int KeyDigits = 64, IdDigits = 8, LongestFile = 64 * 1024;

    private readonly byte[] secret;
    private readonly string id;

    private FleetTickets(byte[] secret) => (this.secret, id) = (secret, Convert.ToHexStringLower(SHA256.HashData(secret))[..IdDigits]);

    /// <summary>Reads the control plane's file: a key of 64 hexadecimal digits a line, of which the first one makes tickets.</summary>
    /// <exception cref="SimulationException">It cannot be read, or is no such file.</exception>
    public static FleetTickets Read(string file)
    {
        const string Hint = "it is [reattestation] ticket_keys of control.conf, and its owner may read it";
        try
        {
            if (new FileInfo(file).Length > LongestFile)
                throw new SimulationException($"{file} is too large for a file of ticket keys", Hint);
            string? first = File.ReadLines(file).Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0);
            // Never with the line in it: it may be a key.
            return first is { Length: KeyDigits } && first.All(char.IsAsciiHexDigit)
                ? new FleetTickets(Convert.FromHexString(first))
                : throw new SimulationException($"{file} has no key of {KeyDigits} hex digits in its first line", Hint);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SimulationException($"{file} cannot be read: {e.Message}", Hint, e);
        }
    }

    public string Of(Guid instance)
    {
        byte[] named = [.. "openstack-sev ticket v1"u8, .. instance.ToByteArray(bigEndian: true)];
        return $"{id}.{instance:N}.{Base64Url.EncodeToString(HMACSHA256.HashData(secret, named))}";
    }
}
