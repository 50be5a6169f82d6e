import { useEffect, useState } from 'react'
import { LotPicture } from '../parts/picture.tsx'
import { useRoom } from '../room/use-room.tsx'

/** A lot's picture in a list, beside its name. It never changes: it is asked for once. */
export function Thumbnail({ auction, item }: { readonly auction: string; readonly item: string }) {
  const { door } = useRoom()
  const [picture, setPicture] = useState('')
  useEffect(() => {
    let isShown = true
    void door
      .api()
      .then((api) => api.auctions.show({ auction }))
      .then(
        (lot) => {
          if (isShown) setPicture(lot.picture)
        },
        // Without its picture the row is there all the same.
        () => {},
      )
    return () => {
      isShown = false
    }
  }, [door, auction])
  return (
    <span className="lot-thumbnail" aria-hidden="true">
      <LotPicture picture={picture} item={item} />
    </span>
  )
}
