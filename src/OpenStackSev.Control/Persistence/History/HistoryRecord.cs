using System.Text;
using System.Text.Json;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>One thing that happened, for <see cref="HistoryWriter.AppendAsync"/>. The writer adds time, sequence and hash.</summary>
/// <param name="Kind">What happened, e.g. <c>host.reported</c>. At most 64 characters of ASCII.</param>
/// <param name="Subject">What it happened to: a compute node, an instance, a policy.</param>
/// <param name="Project">Keystone project that may see it; null for what concerns operators only.</param>
/// <param name="Body">JSON, at most <see cref="MaximumBodyBytes"/>. No secret, token or nonce: history is never forgotten on demand.</param>
public sealed record HistoryRecord(string Kind, Guid Subject, string? Project, ReadOnlyMemory<byte> Body)
{
    public const int MaximumBodyBytes = 64 * 1024;
    public const int MaximumKindLength = 64;
    public const int MaximumProjectLength = 64;

    /// <summary>Current state that changes with it, in the same transaction.</summary>
    public IReadOnlyList<StateChange> Changes { get; init; } = [];

    /// <summary>What the event of this record says beside it. It is not kept in the database: what must be proven belongs into the body.</summary>
    public EventFields Event { get; init; } = new();

    /// <exception cref="ArgumentException">The record does not fit the table.</exception>
    internal static void Check(HistoryRecord record)
    {
        if (record.Kind.Length is 0 or > MaximumKindLength || !Ascii.IsValid(record.Kind))
            throw new ArgumentException($"kind '{record.Kind}' is not 1 to {MaximumKindLength} characters of ASCII", nameof(record));
        if (record.Project is { Length: 0 or > MaximumProjectLength })
            throw new ArgumentException($"project of {record.Kind} is not 1 to {MaximumProjectLength} characters", nameof(record));
        if (record.Body.Length > MaximumBodyBytes)
            throw new ArgumentException($"body of {record.Kind} has {record.Body.Length} bytes; at most {MaximumBodyBytes} are kept", nameof(record));
        if (!IsJson(record.Body.Span))
            throw new ArgumentException($"body of {record.Kind} is no JSON", nameof(record));
    }

    private static bool IsJson(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            while (reader.Read())
                reader.TrySkip();
            return reader.BytesConsumed > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
