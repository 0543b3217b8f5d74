using System.Globalization;
using System.Text.Json;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Events;

/// <summary>Reads signed heads out of files of events, where they stand among others.</summary>
public static class ExportedHeads
{
    public const string Kind = "history.head.signed";

    private const int MaximumLineLength = 1024 * 1024;

    /// <exception cref="FormatException">A line that names itself a head is none.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static async Task<IReadOnlyList<SignedHead>> ReadAsync(string file, CancellationToken ct = default)
    {
        var heads = new List<SignedHead>();
        int number = 0;
        await foreach (string line in File.ReadLinesAsync(file, ct))
        {
            number++;
            if (line.Length <= MaximumLineLength && line.Contains(Kind, StringComparison.Ordinal) && Parse(line, $"{file}:{number}") is { } head)
                heads.Add(head);
        }

        return heads;
    }

    private static SignedHead? Parse(string line, string place)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (!document.RootElement.TryGetProperty("openstack_sev", out JsonElement head)
                || !head.TryGetProperty("kind", out JsonElement kind) || kind.GetString() != Kind)
            {
                return null;
            }

            return new SignedHead(
                new HistoryHead(
                    head.GetProperty("writer").GetString()!,
                    head.GetProperty("sequence").GetInt64(),
                    Convert.FromHexString(head.GetProperty("hash").GetString()!),
                    DateTimeOffset.Parse(head.GetProperty("time").GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)),
                head.GetProperty("key_id").GetString()!,
                head.GetProperty("signature").GetBytesFromBase64());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException($"{place}: not a signed head of the history: {e.Message.TrimEnd('.')}", e);
        }
    }
}
