//! Relay connections: one generic page of a list for every kind of item.

use std::{borrow::Cow, fmt::Display, sync::Arc};

use async_graphql::{ContainerType, Object, SimpleObject, TypeName};
use futures::future::BoxFuture;

use crate::{
    domain::page::Listing,
    graphql::{
        error::{Failure, Result},
        in_place::InPlace,
    },
};

/// Counts the whole list; asked only when a client selects `totalCount` and the page does not tell.
type Count = Arc<dyn Fn() -> BoxFuture<'static, Result<u64>> + Send + Sync>;

/// A page of a list of `N`.
pub struct Connection<N> {
    edges: Vec<Edge<N>>,
    page: PageInfo,
    total: Option<u64>,
    count: Count,
}

/// An item with its place.
pub struct Edge<N> {
    cursor: String,
    node: N,
}

/// Where a page stands in its list. Pass `endCursor` as `after` for the next page, `startCursor` as
/// `before` for the previous one.
#[derive(Clone, SimpleObject)]
pub struct PageInfo {
    /// Whether the list goes on behind this page.
    has_next_page: bool,
    /// Whether something stands before this page.
    has_previous_page: bool,
    /// The cursor of the first item; null when the page is empty.
    start_cursor: Option<String>,
    /// The cursor of the last item; null when the page is empty.
    end_cursor: Option<String>,
}

impl<N> Connection<N> {
    /// Wraps a listing of the domain, and how to count all there is.
    pub fn new<T, C, F, E>(
        listing: Listing<T, C>,
        node: impl Fn(T) -> N,
        count: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        C: Display,
        F: Future<Output = Result<u64, E>> + Send + 'static,
        Failure: From<E>,
    {
        let Listing {
            items,
            has_next,
            has_previous,
            total,
        } = listing;
        let edges: Vec<_> = items
            .into_iter()
            .map(|item| Edge {
                cursor: item.cursor.to_string(),
                node: node(item.node),
            })
            .collect();
        let page = PageInfo {
            has_next_page: has_next,
            has_previous_page: has_previous,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        let count: Count = Arc::new(move || {
            let counted = count();
            Box::pin(async move { counted.await.map_err(Failure::from) })
        });
        Self {
            edges,
            page,
            total,
            count,
        }
    }
}

/// A page of a list. Take `nodes` for the items alone, `edges` for the items with their cursors.
#[Object(name_type)]
impl<N: ContainerType> Connection<N> {
    /// The items with their cursors, in the list's order.
    async fn edges(&self) -> Vec<InPlace<&Edge<N>>> {
        self.edges.iter().map(InPlace).collect()
    }

    /// The items, in the list's order.
    async fn nodes(&self) -> Vec<InPlace<&N>> {
        self.edges.iter().map(|edge| InPlace(&edge.node)).collect()
    }

    /// Where the page stands in the list.
    async fn page_info(&self) -> InPlace<&PageInfo> {
        InPlace(&self.page)
    }

    /// How many items the whole list has, filters respected. Counted only when selected.
    async fn total_count(&self) -> Result<u64> {
        match self.total {
            Some(total) => Ok(total),
            None => (self.count)().await,
        }
    }
}

impl<N: ContainerType> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

/// An item of a list with its place in it.
#[Object(name_type)]
impl<N: ContainerType> Edge<N> {
    /// The item's place; pass it as `after` or `before`. Opaque: do not take it apart.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The item.
    async fn node(&self) -> InPlace<&N> {
        InPlace(&self.node)
    }
}

impl<N: ContainerType> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}
