using System.Text;

namespace OpenStackSev.Fuzz;

/// <summary>Changes one element of DER and keeps the lengths of what encloses it right, so that the parser gets as far as the change. Also within PEM.</summary>
internal sealed class DerMutator
{
    /// <param name="Start">Of the tag.</param>
    /// <param name="Content">Where the content starts.</param>
    /// <param name="End">Behind the content.</param>
    /// <param name="Parent">Index of the enclosing element; -1 for the outermost.</param>
    private readonly record struct Element(int Start, int Content, int End, int Parent);

    private const int MaximumElements = 4096;

    public void Mutate(List<byte> input, byte[] donor, Random random)
    {
        byte[] bytes = [.. input];
        if (FindPem(bytes, random) is not var (start, end))
        {
            Replace(input, 0, input.Count, MutateDer(bytes, donor, random));
            return;
        }
        try
        {
            byte[] der = Convert.FromBase64String(Encoding.Latin1.GetString(bytes, start, end - start));
            string base64 = Convert.ToBase64String(MutateDer(der, donor, random), Base64FormattingOptions.InsertLineBreaks);
            Replace(input, start, end, Encoding.ASCII.GetBytes("\n" + base64 + "\n"));
        }
        catch (FormatException)
        {
            // An earlier mutation broke the base64: others will mutate it.
        }
    }

    private static (int Start, int End)? FindPem(ReadOnlySpan<byte> bytes, Random random)
    {
        List<(int, int)> blocks = [];
        int at = 0;
        while (bytes[at..].IndexOf("-----BEGIN "u8) is >= 0 and int begin && blocks.Count < 16)
        {
            int label = at + begin + "-----BEGIN ".Length, start = bytes[label..].IndexOf("-----"u8);
            if (start < 0)
                break;
            start += label + "-----".Length;
            int length = bytes[start..].IndexOf("-----END "u8);
            if (length < 0)
                break;
            blocks.Add((start, start + length));
            at = start + length;
        }
        return blocks.Count == 0 ? null : blocks[random.Next(blocks.Count)];
    }

    private byte[] MutateDer(byte[] der, byte[] donor, Random random)
    {
        List<Element> elements = Elements(der);
        if (elements.Count == 0)
            return der;
        int chosen = random.Next(elements.Count);
        Element element = elements[chosen];
        byte[] whole = der[element.Start..element.End];
        byte[] content = der[element.Content..element.End];
        byte tag = whole[0];
        byte[] changed = random.Next(12) switch
        {
            0 => [],
            1 => [.. whole, .. whole],
            2 => Encode((byte)random.Next(256), content),
            3 => Encode(tag, []),
            4 => Encode(tag, [.. content, .. content]),
            5 => Encode(tag, Bytes(random, 1 << random.Next(12))),
            6 => Nested(whole, 1 << random.Next(13), random),
            7 => Another(der, elements, random),
            8 => Another(donor, Elements(donor), random),
            // lengths that are not DER: indefinite, of too many bytes, beyond the end
            9 => [tag, 0x80, .. content, 0, 0],
            10 => [tag, 0x84, .. random.Next(2) == 0 ? [0xFF, 0xFF, 0xFF, 0xFF] : (byte[])[0, 0, 0, (byte)Math.Min(content.Length, 255)], .. content],
            _ => Flipped(whole, element.Content - element.Start, random),
        };
        return Rebuilt(der, elements, chosen, changed);
    }

    private static byte[] Flipped(byte[] whole, int header, Random random)
    {
        if (whole.Length > header)
            whole[random.Next(header, whole.Length)] ^= (byte)(1 << random.Next(8));
        return whole;
    }

    private static byte[] Another(byte[] der, List<Element> elements, Random random)
    {
        if (elements.Count == 0)
            return [];
        Element other = elements[random.Next(elements.Count)];
        return der[other.Start..other.End];
    }

    private static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    // Each level costs 4 bytes at most: innermost first would be quadratic.
    private static byte[] Nested(byte[] inner, int depth, Random random)
    {
        byte tag = random.Next(4) switch { 0 => 0x31, 1 => 0xA0, 2 => 0x24, _ => 0x30 };
        List<byte> reversed = [];
        int length = inner.Length;
        for (int level = 0; level < depth && length < 60_000; level++)
        {
            byte[] header = Header(tag, length);
            for (int i = header.Length - 1; i >= 0; i--)
                reversed.Add(header[i]);
            length += header.Length;
        }
        reversed.Reverse();
        return [.. reversed, .. inner];
    }

    // From the changed element outward: what encloses it gets its new length.
    private static byte[] Rebuilt(byte[] der, List<Element> elements, int chosen, byte[] changed)
    {
        Element at = elements[chosen];
        int start = at.Start, end = at.End;
        byte[] current = changed;
        for (int index = at.Parent; index >= 0; index = elements[index].Parent)
        {
            Element parent = elements[index];
            current = Encode(der[parent.Start], [.. der[parent.Content..start], .. current, .. der[end..parent.End]]);
            (start, end) = (parent.Start, parent.End);
        }
        return [.. der[..start], .. current, .. der[end..]];
    }

    private static byte[] Encode(byte tag, byte[] content) => [.. Header(tag, content.Length), .. content];

    private static byte[] Header(byte tag, int length) => length switch
    {
        < 0x80 => [tag, (byte)length],
        < 0x100 => [tag, 0x81, (byte)length],
        < 0x10000 => [tag, 0x82, (byte)(length >> 8), (byte)length],
        _ => [tag, 0x83, (byte)(length >> 16), (byte)(length >> 8), (byte)length],
    };

    // All elements, wherever they start: a table of certificates has several outermost ones.
    private static List<Element> Elements(byte[] der)
    {
        List<Element> elements = [];
        int at = 0;
        while (at < der.Length && elements.Count < MaximumElements)
        {
            if (der[at] == 0x30 && TryHeader(der, at, der.Length, out int content, out int end) && end - at > 16)
            {
                Walk(der, at, content, end, parent: -1, depth: 0, elements);
                at = end;
            }
            else
            {
                at++;
            }
        }
        return elements;
    }

    private static void Walk(byte[] der, int start, int content, int end, int parent, int depth, List<Element> elements)
    {
        int self = elements.Count;
        elements.Add(new(start, content, end, parent));
        // constructed, and the OCTET STRINGs and BIT STRINGs that wrap DER
        int inner = (der[start] & 0x20) != 0 || der[start] == 0x04 ? content : der[start] == 0x03 && content < end ? content + 1 : end;
        while (depth < 64 && inner < end && elements.Count < MaximumElements && TryHeader(der, inner, end, out int innerContent, out int innerEnd))
        {
            Walk(der, inner, innerContent, innerEnd, self, depth + 1, elements);
            inner = innerEnd;
        }
    }

    private static bool TryHeader(byte[] der, int at, int limit, out int content, out int end)
    {
        (content, end) = (0, 0);
        if (at + 2 > limit || (der[at] & 0x1F) == 0x1F)
            return false;
        int length = der[at + 1], bytes = 0;
        if (length >= 0x80)
        {
            bytes = length & 0x7F;
            if (bytes is 0 or > 3 || at + 2 + bytes > limit)
                return false;
            length = 0;
            for (int i = 0; i < bytes; i++)
                length = (length << 8) | der[at + 2 + i];
        }
        content = at + 2 + bytes;
        end = content + length;
        return end <= limit;
    }

    private static void Replace(List<byte> input, int start, int end, byte[] with)
    {
        input.RemoveRange(start, end - start);
        input.InsertRange(start, with);
    }
}
