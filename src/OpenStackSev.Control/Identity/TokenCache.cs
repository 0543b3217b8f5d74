using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace OpenStackSev.Control.Identity;

/// <summary>What stands for a token where tokens must not be kept: its SHA-256.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TokenHash(UInt128 High, UInt128 Low, bool AllowExpired)
{
    /// <summary>A Fernet token of a project has about 200 characters.</summary>
    private const int LongestOnStack = 512;

    public static TokenHash Of(string token, bool allowExpired)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> bytes = token.Length <= LongestOnStack ? stackalloc byte[LongestOnStack] : new byte[token.Length];
        SHA256.HashData(bytes[..Encoding.ASCII.GetBytes(token, bytes)], digest);
        return new(BinaryPrimitives.ReadUInt128BigEndian(digest), BinaryPrimitives.ReadUInt128BigEndian(digest[16..]), allowExpired);
    }
}

/// <summary>Bounded; the oldest word goes when there is no room. Null stands for a token that is not good.</summary>
internal sealed class TokenCache(TimeProvider time)
{
    private const int MostEntries = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<TokenHash, (Caller? Caller, DateTimeOffset Until)> entries = [];
    private readonly Queue<TokenHash> order = new();

    public bool TryGet(TokenHash hash, out Caller? caller)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (gate)
        {
            bool found = entries.TryGetValue(hash, out (Caller? Caller, DateTimeOffset Until) entry) && entry.Until > now;
            caller = entry.Caller;
            return found;
        }
    }

    public void Put(TokenHash hash, Caller? caller, DateTimeOffset until)
    {
        if (until <= time.GetUtcNow())
            return;
        lock (gate)
        {
            if (!entries.ContainsKey(hash))
                order.Enqueue(hash);
            entries[hash] = (caller, until);
            while (order.Count > MostEntries)
                entries.Remove(order.Dequeue());
        }
    }
}
